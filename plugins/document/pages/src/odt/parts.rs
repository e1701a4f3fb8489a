//! The files around the text, and its styles.

use crate::flow::Media;
use crate::model::Model;
use crate::text::Style;
use formwork_sdk::xml::{HEAD, escaped};
use std::fmt::Write;

/// What the package is.
pub(super) const MIME: &str = "application/vnd.oasis.opendocument.text";
/// The folder of pictures.
pub(super) const PICTURES: &str = "Pictures/";

const NAMESPACES: &str = r#"xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" xmlns:xlink="http://www.w3.org/1999/xlink" office:version="1.3""#;

/// A4 with margins of an inch.
pub(super) const STYLES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<office:document-styles xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" office:version="1.3">
<office:font-face-decls><style:font-face style:name="Carlito" svg:font-family="Carlito, Calibri" style:font-family-generic="swiss"/><style:font-face style:name="Courier" svg:font-family="'Courier New', 'Liberation Mono'" style:font-family-generic="modern" style:font-pitch="fixed"/></office:font-face-decls>
<office:styles>
<style:default-style style:family="paragraph"><style:paragraph-properties fo:margin-bottom="6pt"/><style:text-properties style:font-name="Carlito" fo:font-size="11pt"/></style:default-style>
<style:style style:name="Standard" style:family="paragraph"/>
<style:style style:name="Text_20_body" style:display-name="Text body" style:family="paragraph" style:parent-style-name="Standard"/>
<style:style style:name="Numbered" style:family="paragraph" style:parent-style-name="Standard"><style:paragraph-properties fo:margin-left="36pt" fo:text-indent="-18pt"><style:tab-stops><style:tab-stop style:position="0pt"/></style:tab-stops></style:paragraph-properties></style:style>
<style:style style:name="Heading" style:family="paragraph" style:parent-style-name="Standard" style:next-style-name="Text_20_body"><style:paragraph-properties fo:margin-top="12pt" fo:keep-with-next="always"/><style:text-properties fo:font-weight="bold"/></style:style>
<style:style style:name="Heading_20_1" style:display-name="Heading 1" style:family="paragraph" style:parent-style-name="Heading" style:next-style-name="Text_20_body" style:default-outline-level="1"><style:text-properties fo:font-size="18pt"/></style:style>
<style:style style:name="Heading_20_2" style:display-name="Heading 2" style:family="paragraph" style:parent-style-name="Heading" style:next-style-name="Text_20_body" style:default-outline-level="2"><style:text-properties fo:font-size="15pt"/></style:style>
<style:style style:name="Heading_20_3" style:display-name="Heading 3" style:family="paragraph" style:parent-style-name="Heading" style:next-style-name="Text_20_body" style:default-outline-level="3"><style:text-properties fo:font-size="13pt"/></style:style>
<style:style style:name="Heading_20_4" style:display-name="Heading 4" style:family="paragraph" style:parent-style-name="Heading" style:next-style-name="Text_20_body" style:default-outline-level="4"><style:text-properties fo:font-size="12pt"/></style:style>
<style:style style:name="Heading_20_5" style:display-name="Heading 5" style:family="paragraph" style:parent-style-name="Heading" style:next-style-name="Text_20_body" style:default-outline-level="5"/>
<style:style style:name="Heading_20_6" style:display-name="Heading 6" style:family="paragraph" style:parent-style-name="Heading" style:next-style-name="Text_20_body" style:default-outline-level="6"><style:text-properties fo:font-style="italic"/></style:style>
</office:styles>
<office:automatic-styles><style:page-layout style:name="Page"><style:page-layout-properties fo:page-width="595.3pt" fo:page-height="841.9pt" fo:margin-top="72pt" fo:margin-bottom="72pt" fo:margin-left="72pt" fo:margin-right="72pt"/></style:page-layout></office:automatic-styles>
<office:master-styles><style:master-page style:name="Standard" style:page-layout-name="Page"/></office:master-styles>
</office:document-styles>"#;

pub(super) const CONTENT_END: &str = "</office:text></office:body></office:document-content>";

/// The name of the style of letters that look like this.
pub(super) fn letters(style: Style) -> String {
    let mark = |is: bool, letter: &'static str| if is { letter } else { "" };
    format!("L{}{}{}", mark(style.bold, "b"), mark(style.italic, "i"), mark(style.fixed, "f"))
}

/// The styles of letters, tables and lists, and the begin of the text.
pub(super) fn content_start() -> String {
    let mut xml = format!("{HEAD}<office:document-content {NAMESPACES}><office:automatic-styles>");
    for bits in 1..8_u8 {
        let style = Style { bold: bits & 1 != 0, italic: bits & 2 != 0, fixed: bits & 4 != 0 };
        let mark = |is: bool, property: &'static str| if is { property } else { "" };
        let _ = write!(
            xml,
            "<style:style style:name=\"{}\" style:family=\"text\"><style:text-properties{}{}{}/></style:style>",
            letters(style),
            mark(style.bold, " fo:font-weight=\"bold\""),
            mark(style.italic, " fo:font-style=\"italic\""),
            mark(style.fixed, " style:font-name=\"Courier\"")
        );
    }
    xml.push_str(
        "<style:style style:name=\"Table\" style:family=\"table\"><style:table-properties \
         table:align=\"margins\"/></style:style><style:style style:name=\"Cell\" style:family=\"table-cell\">\
         <style:table-cell-properties fo:padding=\"3pt\" fo:border=\"0.5pt solid #000000\"/></style:style>\
         <text:list-style style:name=\"Bullets\"><text:list-level-style-bullet text:level=\"1\" \
         text:bullet-char=\"\u{2022}\"><style:list-level-properties text:list-level-position-and-space-mode=\"label-alignment\">\
         <style:list-level-label-alignment text:label-followed-by=\"listtab\" fo:text-indent=\"-18pt\" \
         fo:margin-left=\"36pt\"/></style:list-level-properties></text:list-level-style-bullet></text:list-style>\
         </office:automatic-styles><office:body><office:text>",
    );
    xml
}

/// What the document says of itself.
pub(super) fn meta(model: &Model) -> String {
    let mut xml = format!(
        "{HEAD}<office:document-meta xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:meta=\"urn:oasis:names:tc:opendocument:xmlns:meta:1.0\" \
         office:version=\"1.3\"><office:meta>"
    );
    for (name, text) in [("dc:title", &model.title), ("meta:initial-creator", &model.author)] {
        if let Some(text) = text {
            let _ = write!(xml, "<{name}>{}</{name}>", escaped(text));
        }
    }
    xml + "</office:meta></office:document-meta>"
}

/// The files of the package.
pub(super) fn manifest(media: &Media<'_>) -> String {
    let mut xml = format!(
        "{HEAD}<manifest:manifest xmlns:manifest=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\" \
         manifest:version=\"1.3\">"
    );
    let mut file = |name: &str, kind: &str| {
        let _ = write!(
            xml,
            "<manifest:file-entry manifest:full-path=\"{name}\" manifest:media-type=\"{kind}\"/>"
        );
    };
    file("/", MIME);
    ["content.xml", "styles.xml", "meta.xml"].iter().for_each(|name| file(name, "text/xml"));
    for (name, picture) in &media.files {
        file(&format!("{PICTURES}{name}"), picture.mime());
    }
    xml + "</manifest:manifest>"
}
