//! The headers before the samples (ISO/IEC 18181-1 annexes D and F). `zune-jpegxl` writes them too, but says
//! that alpha has 8 bits whatever it has, and refuses sides of one pixel; so its headers are replaced.

use formwork_image_pixels::Channels;

/// What the headers tell.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) channels: Channels,
    /// Bits of a sample.
    pub(super) bits: u8,
}

impl Header {
    /// The sizes the encoder is given: at least two pixels.
    pub(super) fn padded(self) -> Header {
        Header { width: self.width.max(2), height: self.height.max(2), ..self }
    }

    /// The image header; `told` says that alpha has as many bits as colours have.
    fn image(self, told: bool) -> Bits {
        let mut bits = Bits::default();
        bits.put(16, 0x0AFF);
        // Not small, no ratio of sides.
        bits.put(1, 0);
        bits.side(self.height);
        bits.put(3, 0);
        bits.side(self.width);
        // Neither defaults nor extra fields.
        bits.put(2, 0);
        bits.depth(self.bits);
        bits.put(1, u64::from(self.bits <= 14));
        if !self.channels.has_alpha() {
            bits.put(2, 0);
        } else if told && self.bits > 8 {
            // One extra channel, not the default one: alpha, its depth, full size, no name, not multiplied.
            bits.put(2, 1);
            bits.put(3, 0);
            bits.depth(self.bits);
            bits.put(5, 0);
        } else {
            bits.put(3, 0b101);
        }
        // Not XYB.
        bits.put(1, 0);
        if self.channels.count() > 2 {
            bits.put(1, 1);
        } else {
            // Grey, D65, the curve of sRGB, relative intent.
            bits.put(2, 0);
            bits.put(4, 0b0101);
            bits.put(1, 0);
            bits.put(2, 0b10);
            bits.put(4, 11);
            bits.put(2, 1);
        }
        // No extensions, default transform.
        bits.put(3, 0b100);
        bits
    }

    /// The frame header. A frame larger than the picture tells its size.
    fn frame(self) -> Bits {
        let padded = self.padded();
        let cut = padded.width != self.width || padded.height != self.height;
        let alpha = if self.channels.has_alpha() { 2 } else { 0 };
        let mut bits = Bits::default();
        // Not default, a regular frame, modular, no flags, not YCbCr, no upsampling.
        bits.put(9, 0b1000);
        bits.put(alpha, 0);
        // Groups of 256 pixels, one pass.
        bits.put(4, 0b01);
        bits.put(1, u64::from(cut));
        if cut {
            bits.put(20, 0);
            bits.frame_side(padded.width);
            bits.frame_side(padded.height);
        }
        // Blended by replacing, also alpha.
        bits.put(2, 0);
        bits.put(alpha, 0);
        // The last one, no name, no filters, no extensions, groups in their order.
        bits.put(3, 0b001);
        bits.put(9, 0);
        bits
    }

    /// Replaces the encoder's headers by ours; `None` when they are not those expected.
    pub(super) fn replace(self, codestream: &[u8]) -> Option<(Vec<u8>, &[u8])> {
        let theirs = [self.padded().image(false).bytes, self.padded().frame().bytes].concat();
        let rest = codestream.strip_prefix(&theirs[..])?;
        Some(([self.image(true).bytes, self.frame().bytes].concat(), rest))
    }
}

/// Bits, the lowest first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    /// How many there are.
    count: usize,
}

impl Bits {
    fn put(&mut self, count: usize, value: u64) {
        for bit in 0..count {
            if self.count.is_multiple_of(8) {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= ((value >> bit & 1) as u8) << (self.count % 8);
            }
            self.count += 1;
        }
    }

    /// A side of the picture.
    fn side(&mut self, side: u32) {
        let value = side.saturating_sub(1);
        let (selector, width) = match value {
            0..0x200 => (0, 9),
            0x200..0x2000 => (1, 13),
            0x2000..0x4_0000 => (2, 18),
            _ => (3, 30),
        };
        self.put(2, selector);
        self.put(width, value.into());
    }

    /// A side of a frame.
    fn frame_side(&mut self, side: u32) {
        let (selector, width, base) = match side {
            0..256 => (0, 8, 0),
            256..2304 => (1, 11, 256),
            2304..18_688 => (2, 14, 2304),
            _ => (3, 30, 18_688),
        };
        self.put(2, selector);
        self.put(width, (side - base).into());
    }

    /// Whole numbers of 8 bits, or of another number of bits.
    fn depth(&mut self, bits: u8) {
        self.put(1, 0);
        if bits == 8 {
            self.put(2, 0);
        } else {
            self.put(2, 3);
            self.put(6, u64::from(bits) - 1);
        }
    }
}
