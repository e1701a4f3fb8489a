//! Camera raw: what the sensor saw, before it becomes a picture.

use crate::Feature::{BitDepth, ColourProfile, Colours, Metadata, Quality};
use crate::{Feature, Format, Signature};

/// What every camera raw file holds.
const HOLDS: &[Feature] = &[BitDepth, ColourProfile, Colours, Metadata, Quality];

/// A raw format that no maker has published: known from what cameras write.
const RAW: Format = Format {
    holds: HOLDS,
    specification: "Not published by its maker; described at https://exiftool.org and in LibRaw",
    ..Format::IMAGE
};

/// A raw format laid out as TIFF.
const IN_TIFF: Format = Format { container: Some("tiff"), ..RAW };

pub(super) const TABLE: &[Format] = &[
    Format {
        id: "3fr",
        name: "Hasselblad raw",
        extensions: &["3fr", "fff"],
        mime: &["image/x-hasselblad-3fr"],
        ..IN_TIFF
    },
    Format {
        id: "arw",
        name: "Sony raw",
        extensions: &["arw", "sr2", "srf"],
        mime: &["image/x-sony-arw"],
        ..IN_TIFF
    },
    Format { id: "cr2", name: "Canon raw 2", extensions: &["cr2"], mime: &["image/x-canon-cr2"], ..IN_TIFF },
    Format {
        id: "cr3",
        name: "Canon raw 3",
        extensions: &["cr3"],
        mime: &["image/x-canon-cr3"],
        signatures: &[Signature::at(4, b"ftypcrx ")],
        ..RAW
    },
    Format {
        id: "crw",
        name: "Canon raw (CIFF)",
        extensions: &["crw", "ciff"],
        mime: &["image/x-canon-crw"],
        signatures: &[Signature::at(6, b"HEAPCCDR")],
        ..RAW
    },
    Format {
        id: "dcr",
        name: "Kodak professional raw",
        extensions: &["dcr", "dcs"],
        mime: &["image/x-kodak-dcr"],
        ..IN_TIFF
    },
    Format {
        id: "dng",
        name: "Digital Negative",
        extensions: &["dng"],
        mime: &["image/x-adobe-dng", "image/dng"],
        specification: "Adobe Digital Negative Specification 1.7.1.0",
        ..IN_TIFF
    },
    Format { id: "erf", name: "Epson raw", extensions: &["erf"], mime: &["image/x-epson-erf"], ..IN_TIFF },
    Format {
        id: "iiq",
        name: "Phase One raw",
        extensions: &["iiq"],
        mime: &["image/x-phaseone-iiq"],
        ..IN_TIFF
    },
    Format {
        id: "kdc",
        name: "Kodak consumer raw",
        extensions: &["kdc"],
        mime: &["image/x-kodak-kdc"],
        ..IN_TIFF
    },
    Format {
        id: "mrw",
        name: "Minolta raw",
        extensions: &["mrw"],
        mime: &["image/x-minolta-mrw"],
        signatures: &[Signature::start(b"\x00MRM")],
        ..RAW
    },
    Format {
        id: "nef",
        name: "Nikon raw",
        extensions: &["nef", "nrw"],
        mime: &["image/x-nikon-nef", "image/x-nikon-nrw"],
        ..IN_TIFF
    },
    Format {
        id: "orf",
        name: "Olympus raw",
        extensions: &["orf", "ori"],
        mime: &["image/x-olympus-orf"],
        signatures: &[Signature::start(b"IIRO"), Signature::start(b"IIRS"), Signature::start(b"MMOR")],
        ..RAW
    },
    Format {
        id: "pef",
        name: "Pentax raw",
        extensions: &["pef", "ptx"],
        mime: &["image/x-pentax-pef"],
        ..IN_TIFF
    },
    Format {
        id: "raf",
        name: "Fujifilm raw",
        extensions: &["raf"],
        mime: &["image/x-fuji-raf"],
        signatures: &[Signature::start(b"FUJIFILMCCD-RAW ")],
        ..RAW
    },
    Format {
        id: "raw",
        name: "Camera raw",
        extensions: &["raw", "mef", "mos", "rwl"],
        aliases: &["camera-raw"],
        mime: &["image/x-dcraw"],
        // Contax N; other cameras' files are known by their TIFF tags.
        signatures: &[Signature::at(25, b"ARECOYK")],
        ..RAW
    },
    Format {
        id: "rw2",
        name: "Panasonic raw",
        extensions: &["rw2"],
        mime: &["image/x-panasonic-rw2"],
        signatures: &[Signature::start(b"IIU\x00")],
        ..RAW
    },
    Format {
        id: "srw",
        name: "Samsung raw",
        extensions: &["srw"],
        mime: &["image/x-samsung-srw"],
        ..IN_TIFF
    },
    Format {
        id: "x3f",
        name: "Sigma raw",
        extensions: &["x3f"],
        mime: &["image/x-sigma-x3f"],
        signatures: &[Signature::start(b"FOVb")],
        ..RAW
    },
];
