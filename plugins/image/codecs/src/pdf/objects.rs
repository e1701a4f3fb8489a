//! The numbered objects of a file and the table that finds them (ISO 32000-1 section 7.5).

use formwork_sdk::{Result, Writer};

/// 1.6 brings `UserUnit`; 16 bits a sample came with 1.5. The second line says that the file is binary.
const HEADER: &[u8] = b"%PDF-1.6\n%\xE2\xE3\xCF\xD3\n";

/// Writes objects one after the other.
pub(super) struct Objects<'o, 'a> {
    output: &'o mut Writer<'a>,
    /// Where each object starts, from number 1 on; 0 when it is not written yet.
    offsets: Vec<u64>,
}

impl<'o, 'a> Objects<'o, 'a> {
    /// Starts a file.
    pub(super) fn begin(output: &'o mut Writer<'a>) -> Result<Self> {
        output.append(HEADER)?;
        Ok(Objects { output, offsets: Vec::new() })
    }

    /// Takes a number for an object that is written later.
    pub(super) fn reserve(&mut self) -> usize {
        self.offsets.push(0);
        self.offsets.len()
    }

    /// Writes an object under a number taken before.
    pub(super) fn put(&mut self, number: usize, body: &str) -> Result<()> {
        self.start(number);
        self.output.append(format!("{number} 0 obj\n{body}\nendobj\n").as_bytes())
    }

    /// Writes an object and returns its number.
    pub(super) fn add(&mut self, body: &str) -> Result<usize> {
        let number = self.reserve();
        self.put(number, body)?;
        Ok(number)
    }

    /// Writes a stream and returns its number. `entries` are those of its dictionary but the length.
    pub(super) fn add_stream(&mut self, entries: &str, data: &[u8]) -> Result<usize> {
        let number = self.reserve();
        self.start(number);
        let length = data.len();
        self.output
            .append(format!("{number} 0 obj\n<< {entries} /Length {length} >>\nstream\n").as_bytes())?;
        self.output.append(data)?;
        self.output.append(b"\nendstream\nendobj\n")?;
        Ok(number)
    }

    fn start(&mut self, number: usize) {
        if let Some(offset) = self.offsets.get_mut(number.wrapping_sub(1)) {
            *offset = self.output.length();
        }
    }

    /// Writes the table. Every number taken has been used by now.
    pub(super) fn finish(self, root: usize, info: usize) -> Result<()> {
        let start = self.output.length();
        let size = self.offsets.len() + 1;
        let mut table = format!("xref\n0 {size}\n0000000000 65535 f \n");
        for offset in &self.offsets {
            table.push_str(&format!("{offset:010} 00000 n \n"));
        }
        table.push_str(&format!(
            "trailer\n<< /Size {size} /Root {root} 0 R /Info {info} 0 R >>\nstartxref\n{start}\n%%EOF\n"
        ));
        self.output.append(table.as_bytes())
    }
}
