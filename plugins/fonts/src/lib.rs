//! The fonts of the system: found once, when the first text arrives, in folders of the system alone.

use fontdb::{Database, Family, Query};
use formwork_sdk::{Error, ErrorKind, Result};
use std::sync::{Arc, OnceLock};

/// What stands in for families that are not installed, best first: the widths of Arial, Times New Roman
/// and Courier New, then any that looks alike.
pub const SANS: &[&str] = &["Liberation Sans", "Arimo", "DejaVu Sans", "Noto Sans", "Arial", "Helvetica"];
/// As [`SANS`], with serifs.
pub const SERIF: &[&str] = &["Liberation Serif", "Tinos", "DejaVu Serif", "Noto Serif", "Times New Roman"];
/// As [`SANS`], with letters of one width.
pub const MONO: &[&str] =
    &["Liberation Mono", "Cousine", "DejaVu Sans Mono", "Noto Sans Mono", "Courier New"];
/// Families for marks and subtitles, best first, as SVG lists them.
pub const MARK_FAMILIES: &str = "DejaVu Sans, Liberation Sans, Noto Sans, Arial, sans-serif";

/// The fonts installed for everyone on this machine; none when there are none.
pub fn installed() -> Arc<Database> {
    static FONTS: OnceLock<Arc<Database>> = OnceLock::new();
    FONTS.get_or_init(|| Arc::new(load())).clone()
}

/// The fonts to write text with; at least one.
///
/// # Errors
///
/// `backend_missing` when no font is installed.
pub fn some() -> Result<Arc<Database>> {
    let fonts = installed();
    if fonts.is_empty() {
        return Err(Error::new(
            ErrorKind::BackendMissing,
            "there is no font to write the text with: apt install fonts-dejavu-core",
        ));
    }
    Ok(fonts)
}

fn load() -> Database {
    let mut fonts = Database::new();
    if cfg!(all(unix, not(target_os = "macos"))) {
        fonts.load_fonts_dir("/usr/share/fonts");
        fonts.load_fonts_dir("/usr/local/share/fonts");
    } else {
        fonts.load_system_fonts();
    }
    let pick = |families: &[&str]| {
        let installed = families.iter().find(|family| has(&fonts, family));
        installed.or(families.first()).map(|family| (*family).to_owned()).unwrap_or_default()
    };
    let (sans, serif, mono) = (pick(SANS), pick(SERIF), pick(MONO));
    fonts.set_sans_serif_family(sans.clone());
    fonts.set_cursive_family(sans.clone());
    fonts.set_fantasy_family(sans);
    fonts.set_serif_family(serif);
    fonts.set_monospace_family(mono);
    fonts
}

/// Whether a family is installed.
fn has(fonts: &Database, family: &str) -> bool {
    fonts.query(&Query { families: &[Family::Name(family)], ..Query::default() }).is_some()
}
