//! Links to the web.

use super::area::Area;
use super::words::Word;
use crate::document::{Page, text_of};
use pdfium_render::prelude::{FPDF_LINK, FS_RECTF};
use std::ffi::{c_int, c_ulong};
use std::rc::Rc;

/// The kind of action that opens an address (fpdf_doc.h).
const URI: c_ulong = 3;
/// Links of a page that are looked at.
const MOST: usize = 10_000;
/// What addresses may begin with: a link is clicked by whoever reads the result.
const SAFE: &[&str] = &["http://", "https://", "mailto:"];

/// Where a part of a page leads.
pub(crate) struct Link {
    area: Area,
    address: Rc<str>,
}

/// Reads the links of a page. What they lead to is not looked at.
pub(crate) fn read(page: &Page<'_, '_>) -> Vec<Link> {
    let (pdfium, place) = (&page.document.pdfium, page.place());
    let mut links = Vec::new();
    let mut position: c_int = 0;
    for _ in 0..MOST {
        let mut link: FPDF_LINK = std::ptr::null_mut();
        let mut area = FS_RECTF { left: 0.0, top: 0.0, right: 0.0, bottom: 0.0 };
        // SAFETY: the page is open, and both places live for the calls.
        let action = unsafe {
            if pdfium.FPDFLink_Enumerate(page.handle, &mut position, &mut link) == 0 {
                break;
            }
            if pdfium.FPDFLink_GetAnnotRect(link, &mut area) == 0 {
                continue;
            }
            pdfium.FPDFLink_GetAction(link)
        };
        // SAFETY: an action of an open document, or null, which is of no kind.
        if action.is_null() || unsafe { pdfium.FPDFAction_GetType(action) } != URI {
            continue;
        }
        let address = text_of(|buffer, length| {
            // SAFETY: as above, and no more than the buffer's length is written.
            unsafe { pdfium.FPDFAction_GetURIPath(page.document.handle, action, buffer, length) }
        });
        if let Some(address) = address.filter(|address| is_safe(address)) {
            let area = place.area(area.left, area.bottom, area.right, area.top);
            links.push(Link { area, address: encoded(address.trim()).into() });
        }
    }
    links
}

/// Notes in words that stand on a link where they lead.
pub(crate) fn mark(words: &mut [Word], links: &[Link]) {
    for link in links {
        for word in words.iter_mut().filter(|word| link.area.holds(word.area.middle())) {
            word.link = Some(link.address.clone());
        }
    }
}

/// An address in the letters that addresses have (RFC 3986, section 2).
fn encoded(address: &str) -> String {
    let mut encoded = String::with_capacity(address.len());
    for byte in address.bytes() {
        if byte.is_ascii_graphic() && !b"<>\"\\^`{|}".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

fn is_safe(address: &str) -> bool {
    let lower = address.trim().to_ascii_lowercase();
    SAFE.iter().any(|start| lower.starts_with(start)) && !address.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    #[test]
    fn addresses_have_letters_of_addresses() {
        assert_eq!(super::encoded("http://a/b c?d=\u{e9}%20\""), "http://a/b%20c?d=%C3%A9%20%22");
    }

    #[test]
    fn only_addresses_of_the_web_are_links() {
        assert!(super::is_safe(" HTTPS://example.org/a b"));
        for wrong in ["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", "http://a\nb", ""] {
            assert!(!super::is_safe(wrong), "{wrong}");
        }
    }
}
