//! What the packages of the office formats share (ECMA-376 part 2).

use formwork_sdk::xml::{HEAD, escape};

/// Kinds of relationships.
pub(crate) const KINDS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
/// How a file of relationships begins, and ends.
pub(crate) const RELATIONS_START: &str =
    "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">";
pub(crate) const RELATIONS_END: &str = "</Relationships>";

/// The title, where programs look for it.
pub(crate) fn core(title: Option<&str>) -> String {
    let mut xml = HEAD.to_owned();
    xml.push_str(
        "<cp:coreProperties xmlns:cp=\"http://schemas.openxmlformats.org/package/2006/metadata/core-properties\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><dc:title>",
    );
    escape(title.unwrap_or_default(), &mut xml);
    xml.push_str("</dc:title></cp:coreProperties>");
    xml
}

/// A link out of a package, in a file of relationships.
pub(crate) fn link(number: usize, address: &str, xml: &mut String) {
    xml.push_str(&format!(
        "<Relationship Id=\"link{number}\" Type=\"{KINDS}/hyperlink\" TargetMode=\"External\" Target=\""
    ));
    escape(address, xml);
    xml.push_str("\"/>");
}
