//! PDF files made for tests: pages with their content, without compression.

use std::fmt::Write;

/// A PDF under construction.
#[derive(Default)]
pub(crate) struct Pdf {
    pages: Vec<(f32, f32, String, String)>,
    /// Entries of the catalogue, and objects that they name, from number 100 on.
    catalogue: String,
    objects: Vec<(usize, String)>,
}

impl Pdf {
    /// Adds a page of this size in points with a content stream.
    pub(crate) fn page(mut self, width: f32, height: f32, content: &str) -> Pdf {
        self.pages.push((width, height, content.to_owned(), String::new()));
        self
    }

    /// Adds entries to the dictionary of the last page.
    pub(crate) fn with(mut self, entries: &str) -> Pdf {
        if let Some(page) = self.pages.last_mut() {
            page.3.push_str(entries);
        }
        self
    }

    /// Adds entries to the catalogue.
    pub(crate) fn catalogue(mut self, entries: &str) -> Pdf {
        self.catalogue.push_str(entries);
        self
    }

    /// Adds an object under a number from 100 on.
    pub(crate) fn object(mut self, number: usize, text: &str) -> Pdf {
        self.objects.push((number, text.to_owned()));
        self
    }

    /// Makes font L of a font's entries, whose codes have these meanings, both in hexadecimal digits of UTF-16.
    pub(crate) fn font(self, entries: &str, meanings: &[(&str, &str)]) -> Pdf {
        let digits = meanings.first().map_or(2, |(code, _)| code.len());
        let (first, last) = ("0".repeat(digits), "F".repeat(digits));
        let mut table = format!(
            "/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <{first}> <{last}> \
             endcodespacerange {} beginbfchar ",
            meanings.len()
        );
        for (code, meaning) in meanings {
            let _ = write!(table, "<{code}> <{meaning}> ");
        }
        table.push_str("endbfchar endcmap end");
        self.object(199, &format!("<< /Type /Font {entries} /ToUnicode 198 0 R >>"))
            .object(198, &format!("<< /Length {} >>\nstream\n{table}\nendstream", table.len()))
    }

    /// The file.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let kids: Vec<String> = (0..self.pages.len()).map(|page| format!("{} 0 R", 10 + page * 2)).collect();
        let mut objects = vec![
            (1, format!("<< /Type /Catalog /Pages 2 0 R {} >>", self.catalogue)),
            (2, format!("<< /Type /Pages /Count {} /Kids [{}] >>", kids.len(), kids.join(" "))),
            (3, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".into()),
            (
                4,
                "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>"
                    .into(),
            ),
            (5, "<< /Title (A made file) /Author (Nobody) >>".into()),
        ];
        for (index, (width, height, content, more)) in self.pages.iter().enumerate() {
            let (page, stream) = (10 + index * 2, 11 + index * 2);
            objects.push((
                page,
                format!(
                    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width} {height}] /Contents {stream} 0 R \
                 /Resources << /Font << /F 3 0 R /B 4 0 R /L 199 0 R >> /XObject << /I 100 0 R >> >> {more} >>"
                ),
            ));
            objects.push((stream, format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len())));
        }
        objects.extend(self.objects.iter().cloned());
        written(&objects)
    }
}

fn written(objects: &[(usize, String)]) -> Vec<u8> {
    let mut file = String::from("%PDF-1.7\n");
    let mut table = String::new();
    for (number, text) in objects {
        let _ = write!(table, "{number} 1\n{:010} 00000 n \n", file.len());
        let _ = write!(file, "{number} 0 obj\n{text}\nendobj\n");
    }
    let start = file.len();
    let size = objects.iter().map(|(number, _)| number + 1).max().unwrap_or(1);
    let _ = write!(
        file,
        "xref\n0 1\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R /Info 5 0 R >>\nstartxref\n{start}\n%%EOF\n"
    );
    file.into_bytes()
}

/// A line of text at a place: font F (plain), B (bold) or L (the object 199), its size, and what it says.
pub(crate) fn line(font: char, size: f32, x: f32, y: f32, text: &str) -> String {
    format!("BT /{font} {size} Tf 1 0 0 1 {x} {y} Tm ({text}) Tj ET\n")
}
