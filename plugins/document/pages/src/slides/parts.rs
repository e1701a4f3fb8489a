//! The files around the slides.

use crate::office::{KINDS, RELATIONS_END, RELATIONS_START};
use formwork_sdk::xml::HEAD;
use std::fmt::Write;

pub(super) const SLIDE_START: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<p:sld xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"><p:cSld>"#;
pub(super) const TREE_START: &str = r#"<p:spTree><p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="0" cy="0"/><a:chOff x="0" y="0"/><a:chExt cx="0" cy="0"/></a:xfrm></p:grpSpPr>"#;
pub(super) const SLIDE_END: &str =
    "</p:spTree></p:cSld><p:clrMapOvr><a:masterClrMapping/></p:clrMapOvr></p:sld>";

pub(super) const LAYOUT: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<p:sldLayout xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" type="blank" preserve="1"><p:cSld name="Blank"><p:spTree><p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/></p:spTree></p:cSld><p:clrMapOvr><a:masterClrMapping/></p:clrMapOvr></p:sldLayout>"#;

pub(super) const MASTER: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<p:sldMaster xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"><p:cSld><p:bg><p:bgPr><a:solidFill><a:srgbClr val="FFFFFF"/></a:solidFill><a:effectLst/></p:bgPr></p:bg><p:spTree><p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/></p:spTree></p:cSld><p:clrMap bg1="lt1" tx1="dk1" bg2="lt2" tx2="dk2" accent1="accent1" accent2="accent2" accent3="accent3" accent4="accent4" accent5="accent5" accent6="accent6" hlink="hlink" folHlink="folHlink"/><p:sldLayoutIdLst><p:sldLayoutId id="2147483649" r:id="layout"/></p:sldLayoutIdLst><p:txStyles><p:titleStyle/><p:bodyStyle/><p:otherStyle/></p:txStyles></p:sldMaster>"#;

pub(super) const THEME: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<a:theme xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" name="Plain"><a:themeElements><a:clrScheme name="Plain"><a:dk1><a:srgbClr val="000000"/></a:dk1><a:lt1><a:srgbClr val="FFFFFF"/></a:lt1><a:dk2><a:srgbClr val="44546A"/></a:dk2><a:lt2><a:srgbClr val="E7E6E6"/></a:lt2><a:accent1><a:srgbClr val="4472C4"/></a:accent1><a:accent2><a:srgbClr val="ED7D31"/></a:accent2><a:accent3><a:srgbClr val="A5A5A5"/></a:accent3><a:accent4><a:srgbClr val="FFC000"/></a:accent4><a:accent5><a:srgbClr val="5B9BD5"/></a:accent5><a:accent6><a:srgbClr val="70AD47"/></a:accent6><a:hlink><a:srgbClr val="0563C1"/></a:hlink><a:folHlink><a:srgbClr val="954F72"/></a:folHlink></a:clrScheme><a:fontScheme name="Plain"><a:majorFont><a:latin typeface="Arial"/><a:ea typeface=""/><a:cs typeface=""/></a:majorFont><a:minorFont><a:latin typeface="Arial"/><a:ea typeface=""/><a:cs typeface=""/></a:minorFont></a:fontScheme><a:fmtScheme name="Plain"><a:fillStyleLst><a:solidFill><a:schemeClr val="phClr"/></a:solidFill><a:solidFill><a:schemeClr val="phClr"/></a:solidFill><a:solidFill><a:schemeClr val="phClr"/></a:solidFill></a:fillStyleLst><a:lnStyleLst><a:ln w="6350"><a:solidFill><a:schemeClr val="phClr"/></a:solidFill></a:ln><a:ln w="12700"><a:solidFill><a:schemeClr val="phClr"/></a:solidFill></a:ln><a:ln w="19050"><a:solidFill><a:schemeClr val="phClr"/></a:solidFill></a:ln></a:lnStyleLst><a:effectStyleLst><a:effectStyle><a:effectLst/></a:effectStyle><a:effectStyle><a:effectLst/></a:effectStyle><a:effectStyle><a:effectLst/></a:effectStyle></a:effectStyleLst><a:bgFillStyleLst><a:solidFill><a:schemeClr val="phClr"/></a:solidFill><a:solidFill><a:schemeClr val="phClr"/></a:solidFill><a:solidFill><a:schemeClr val="phClr"/></a:solidFill></a:bgFillStyleLst></a:fmtScheme></a:themeElements></a:theme>"#;

/// The fixed files that refer to others: their names and what they refer to.
pub(super) fn fixed_relations() -> [(&'static str, String); 3] {
    let one = |pairs: &[(&str, &str, &str)]| {
        let mut xml = format!("{HEAD}{RELATIONS_START}");
        for (id, kind, target) in pairs {
            let _ = write!(xml, "<Relationship Id=\"{id}\" Type=\"{kind}\" Target=\"{target}\"/>");
        }
        xml + RELATIONS_END
    };
    let kind = |name: &str| format!("{KINDS}/{name}");
    let core = "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties";
    [
        (
            "_rels/.rels",
            one(&[
                ("document", &kind("officeDocument"), "ppt/presentation.xml"),
                ("core", core, "docProps/core.xml"),
            ]),
        ),
        (
            "ppt/slideMasters/_rels/slideMaster1.xml.rels",
            one(&[
                ("layout", &kind("slideLayout"), "../slideLayouts/slideLayout1.xml"),
                ("theme", &kind("theme"), "../theme/theme1.xml"),
            ]),
        ),
        (
            "ppt/slideLayouts/_rels/slideLayout1.xml.rels",
            one(&[("master", &kind("slideMaster"), "../slideMasters/slideMaster1.xml")]),
        ),
    ]
}

/// What each file of so many slides is.
pub(super) fn content_types(slides: usize) -> String {
    const MAIN: &str = "application/vnd.openxmlformats-officedocument.presentationml";
    let mut xml = format!(
        "{HEAD}<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
         <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
         <Default Extension=\"xml\" ContentType=\"application/xml\"/><Default Extension=\"png\" ContentType=\"image/png\"/>\
         <Default Extension=\"jpg\" ContentType=\"image/jpeg\"/>"
    );
    let mut part = |name: &str, kind: &str| {
        let _ = write!(xml, "<Override PartName=\"/{name}\" ContentType=\"{kind}\"/>");
    };
    part("ppt/presentation.xml", &format!("{MAIN}.presentation.main+xml"));
    part("ppt/slideMasters/slideMaster1.xml", &format!("{MAIN}.slideMaster+xml"));
    part("ppt/slideLayouts/slideLayout1.xml", &format!("{MAIN}.slideLayout+xml"));
    part("ppt/theme/theme1.xml", "application/vnd.openxmlformats-officedocument.theme+xml");
    part("docProps/core.xml", "application/vnd.openxmlformats-package.core-properties+xml");
    for number in 1..=slides {
        part(&format!("ppt/slides/slide{number}.xml"), &format!("{MAIN}.slide+xml"));
    }
    xml + "</Types>"
}

/// The presentation: its slides and their size in units of a drawing.
pub(super) fn presentation(slides: usize, (width, height): (i64, i64)) -> (String, String) {
    let mut xml = format!(
        "{HEAD}<p:presentation xmlns:a=\"http://schemas.openxmlformats.org/drawingml/2006/main\" xmlns:r=\"{KINDS}\" \
         xmlns:p=\"http://schemas.openxmlformats.org/presentationml/2006/main\"><p:sldMasterIdLst><p:sldMasterId \
         id=\"2147483648\" r:id=\"master\"/></p:sldMasterIdLst><p:sldIdLst>"
    );
    let mut relations = format!(
        "{HEAD}{RELATIONS_START}<Relationship Id=\"master\" Type=\"{KINDS}/slideMaster\" \
         Target=\"slideMasters/slideMaster1.xml\"/><Relationship Id=\"theme\" Type=\"{KINDS}/theme\" \
         Target=\"theme/theme1.xml\"/>"
    );
    for number in 1..=slides {
        let _ = write!(xml, "<p:sldId id=\"{}\" r:id=\"slide{number}\"/>", 255 + number);
        let _ = write!(
            relations,
            "<Relationship Id=\"slide{number}\" Type=\"{KINDS}/slide\" Target=\"slides/slide{number}.xml\"/>"
        );
    }
    let _ = write!(
        xml,
        "</p:sldIdLst><p:sldSz cx=\"{width}\" cy=\"{height}\"/><p:notesSz cx=\"6858000\" cy=\"9144000\"/></p:presentation>"
    );
    (xml, relations + RELATIONS_END)
}
