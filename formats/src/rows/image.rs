//! Still and animated pictures, but for camera raw.

use crate::Compression::{Either, Lossy};
use crate::Feature::{Alpha, Animation, BitDepth, ColourProfile, Colours, Fonts, Inks, Layers, Metadata};
use crate::Feature::{Pages, Quality, Text, Vector};
use crate::{Format, Signature};

pub(super) const TABLE: &[Format] = &[
    Format {
        id: "apng",
        name: "Animated PNG",
        extensions: &["apng"],
        mime: &["image/apng", "image/vnd.mozilla.apng"],
        container: Some("png"),
        holds: &[Alpha, Animation, BitDepth, ColourProfile, Colours, Metadata, Quality],
        specification: "W3C Portable Network Graphics, third edition, https://www.w3.org/TR/png-3/",
        ..Format::IMAGE
    },
    Format {
        id: "avif",
        name: "AV1 Image File Format",
        extensions: &["avif", "avifs"],
        mime: &["image/avif", "image/avif-sequence"],
        signatures: &[Signature::at(4, b"ftypavif"), Signature::at(4, b"ftypavis")],
        compression: Either,
        holds: &[Alpha, Animation, BitDepth, ColourProfile, Colours, Metadata, Quality],
        specification: "AV1 Image File Format, https://aomediacodec.github.io/av1-avif/",
        ..Format::IMAGE
    },
    Format {
        id: "bmp",
        name: "Windows bitmap",
        extensions: &["bmp", "dib"],
        mime: &["image/bmp", "image/x-ms-bmp", "image/x-bmp"],
        signatures: &[Signature::start(b"BM")],
        holds: &[Alpha, ColourProfile, Colours, Quality],
        specification: "Microsoft, Bitmap Storage and BITMAPV5HEADER, https://learn.microsoft.com/windows/win32/gdi/bitmap-storage",
        ..Format::IMAGE
    },
    Format {
        id: "cur",
        name: "Windows cursor",
        extensions: &["cur"],
        mime: &["image/x-win-bitmap"],
        signatures: &[Signature::start(b"\x00\x00\x02\x00")],
        holds: &[Alpha, Colours, Pages, Quality],
        specification: "Microsoft, Icons and cursors in resource files",
        ..Format::IMAGE
    },
    Format {
        id: "dds",
        name: "DirectDraw Surface",
        extensions: &["dds"],
        mime: &["image/vnd-ms.dds", "image/x-dds"],
        signatures: &[Signature::start(b"DDS \x7C\x00\x00\x00")],
        compression: Either,
        holds: &[Alpha, BitDepth, Colours, Pages, Quality],
        specification: "Microsoft, Programming Guide for DDS, https://learn.microsoft.com/windows/win32/direct3ddds/dx-graphics-dds-pguide",
        ..Format::IMAGE
    },
    Format {
        id: "djvu",
        name: "DjVu",
        extensions: &["djvu", "djv"],
        mime: &["image/vnd.djvu", "image/x-djvu"],
        signatures: &[Signature::start(b"AT&TFORM")],
        compression: Lossy,
        holds: &[Colours, Layers, Metadata, Pages, Text],
        specification: "Lizardtech DjVu Reference, version 3",
        ..Format::IMAGE
    },
    Format {
        id: "emf",
        name: "Enhanced Metafile",
        extensions: &["emf"],
        mime: &["image/emf", "image/x-emf"],
        holds: &[Colours, Fonts, Text, Vector, Quality],
        specification: "Microsoft [MS-EMF], https://learn.microsoft.com/openspecs/windows_protocols/ms-emf/",
        ..Format::IMAGE
    },
    Format {
        id: "eps",
        name: "Encapsulated PostScript",
        extensions: &["eps", "epsf", "epsi", "epi", "ept"],
        mime: &["application/eps", "image/x-eps", "application/postscript", "image/eps"],
        signatures: &[Signature::start(b"\xC5\xD0\xD3\xC6")],
        container: Some("ps"),
        holds: &[ColourProfile, Colours, Fonts, Inks, Text, Vector, Quality],
        specification: "Adobe Technical Note 5002, Encapsulated PostScript File Format 3.0",
        ..Format::IMAGE
    },
    Format {
        id: "exr",
        name: "OpenEXR",
        extensions: &["exr"],
        aliases: &["openexr"],
        mime: &["image/x-exr", "image/aces"],
        signatures: &[Signature::start(b"\x76\x2F\x31\x01")],
        compression: Either,
        holds: &[Alpha, BitDepth, Colours, Layers, Metadata, Pages, Quality],
        specification: "OpenEXR File Layout, https://openexr.com/en/latest/OpenEXRFileLayout.html",
        ..Format::IMAGE
    },
    Format {
        id: "farbfeld",
        name: "farbfeld",
        extensions: &["ff", "farbfeld"],
        mime: &["image/x-farbfeld"],
        signatures: &[Signature::start(b"farbfeld")],
        holds: &[Alpha, BitDepth, Colours, Quality],
        specification: "farbfeld(5), https://tools.suckless.org/farbfeld/",
        ..Format::IMAGE
    },
    Format {
        id: "gif",
        name: "Graphics Interchange Format",
        extensions: &["gif"],
        mime: &["image/gif"],
        signatures: &[Signature::start(b"GIF87a"), Signature::start(b"GIF89a")],
        holds: &[Alpha, Animation],
        specification: "CompuServe GIF89a, https://www.w3.org/Graphics/GIF/spec-gif89a.txt",
        ..Format::IMAGE
    },
    Format {
        id: "hdr",
        name: "Radiance HDR",
        extensions: &["hdr", "rgbe", "xyze"],
        aliases: &["radiance"],
        mime: &["image/vnd.radiance", "image/x-hdr"],
        signatures: &[Signature::start(b"#?RADIANCE"), Signature::start(b"#?RGBE")],
        holds: &[BitDepth, Colours, Metadata],
        specification: "Radiance File Formats, https://radsite.lbl.gov/radiance/refer/filefmts.pdf",
        ..Format::IMAGE
    },
    Format {
        id: "heic",
        name: "High Efficiency Image",
        extensions: &["heic", "heif", "heics", "heifs", "hif"],
        mime: &["image/heic", "image/heif", "image/heic-sequence", "image/heif-sequence"],
        signatures: &[Signature::at(4, b"ftypheic"), Signature::at(4, b"ftypheix")],
        compression: Lossy,
        holds: &[Alpha, Animation, BitDepth, ColourProfile, Colours, Metadata, Pages],
        specification: "ISO/IEC 23008-12",
        ..Format::IMAGE
    },
    Format {
        id: "icns",
        name: "Apple icon",
        extensions: &["icns"],
        mime: &["image/icns", "image/x-icns"],
        signatures: &[Signature::start(b"icns")],
        holds: &[Alpha, Colours, Pages, Quality],
        specification: "Apple IconFamily resource, Icon Services reference",
        ..Format::IMAGE
    },
    Format {
        id: "ico",
        name: "Windows icon",
        extensions: &["ico"],
        mime: &["image/vnd.microsoft.icon", "image/x-icon"],
        signatures: &[Signature::start(b"\x00\x00\x01\x00")],
        holds: &[Alpha, Colours, Pages, Quality],
        specification: "Microsoft, Icons and cursors in resource files",
        ..Format::IMAGE
    },
    Format {
        id: "jp2",
        name: "JPEG 2000",
        extensions: &["jp2", "j2k", "j2c", "jpc", "jpf", "jpx", "jpm"],
        aliases: &["jpeg2000"],
        mime: &["image/jp2", "image/jpx", "image/jpm", "image/j2c"],
        signatures: &[
            Signature::start(b"\x00\x00\x00\x0CjP  \x0D\x0A\x87\x0A"),
            Signature::start(b"\xFF\x4F\xFF\x51"),
        ],
        compression: Either,
        holds: &[Alpha, BitDepth, ColourProfile, Colours, Inks, Metadata, Quality],
        specification: "ITU-T T.800 | ISO/IEC 15444-1, https://www.itu.int/rec/T-REC-T.800",
        ..Format::IMAGE
    },
    Format {
        id: "jpg",
        name: "JPEG",
        extensions: &["jpg", "jpeg", "jpe", "jfif", "jif", "mpo"],
        mime: &["image/jpeg", "image/jpg", "image/pjpeg"],
        signatures: &[Signature::start(b"\xFF\xD8\xFF")],
        compression: Lossy,
        holds: &[ColourProfile, Colours, Inks, Metadata],
        specification: "ITU-T T.81 | ISO/IEC 10918-1, https://www.w3.org/Graphics/JPEG/itu-t81.pdf",
        ..Format::IMAGE
    },
    Format {
        id: "jxl",
        name: "JPEG XL",
        extensions: &["jxl"],
        aliases: &["jpegxl"],
        mime: &["image/jxl"],
        signatures: &[
            Signature::start(b"\x00\x00\x00\x0CJXL \x0D\x0A\x87\x0A"),
            Signature::start(b"\xFF\x0A"),
        ],
        compression: Either,
        holds: &[Alpha, Animation, BitDepth, ColourProfile, Colours, Inks, Layers, Metadata, Quality],
        specification: "ISO/IEC 18181-1 and 18181-2",
        ..Format::IMAGE
    },
    Format {
        id: "jxr",
        name: "JPEG XR",
        extensions: &["jxr", "wdp", "hdp"],
        mime: &["image/jxr", "image/vnd.ms-photo"],
        signatures: &[Signature::start(b"II\xBC\x01"), Signature::start(b"II\xBC\x00")],
        compression: Either,
        holds: &[Alpha, BitDepth, ColourProfile, Colours, Inks, Metadata, Quality],
        specification: "ITU-T T.832 | ISO/IEC 29199-2, https://www.itu.int/rec/T-REC-T.832",
        ..Format::IMAGE
    },
    Format {
        id: "pcx",
        name: "ZSoft Paintbrush",
        extensions: &["pcx"],
        mime: &["image/vnd.zbrush.pcx", "image/x-pcx"],
        holds: &[Colours, Quality],
        specification: "ZSoft PCX Technical Reference Manual, revision 5",
        ..Format::IMAGE
    },
    Format {
        id: "png",
        name: "Portable Network Graphics",
        extensions: &["png"],
        mime: &["image/png"],
        signatures: &[Signature::start(b"\x89PNG\r\n\x1A\n")],
        holds: &[Alpha, BitDepth, ColourProfile, Colours, Metadata, Quality],
        specification: "ISO/IEC 15948; W3C PNG, https://www.w3.org/TR/png-3/",
        ..Format::IMAGE
    },
    Format {
        id: "pnm",
        name: "Netpbm picture (PBM, PGM, PPM, PAM, PFM)",
        extensions: &["pnm", "ppm", "pgm", "pbm", "pam", "pfm"],
        aliases: &["netpbm"],
        mime: &[
            "image/x-portable-anymap",
            "image/x-portable-pixmap",
            "image/x-portable-graymap",
            "image/x-portable-bitmap",
        ],
        holds: &[Alpha, BitDepth, Colours, Quality],
        specification: "Netpbm format pages, https://netpbm.sourceforge.net/doc/pnm.html",
        ..Format::IMAGE
    },
    Format {
        id: "psd",
        name: "Adobe Photoshop document",
        extensions: &["psd", "psb"],
        aliases: &["photoshop"],
        mime: &["image/vnd.adobe.photoshop", "application/x-photoshop"],
        signatures: &[Signature::start(b"8BPS\x00\x01"), Signature::start(b"8BPS\x00\x02")],
        holds: &[
            Alpha,
            BitDepth,
            ColourProfile,
            Colours,
            Fonts,
            Inks,
            Layers,
            Metadata,
            Text,
            Vector,
            Quality,
        ],
        specification: "Adobe Photoshop File Formats Specification, https://www.adobe.com/devnet-apps/photoshop/fileformatashtml/",
        ..Format::IMAGE
    },
    Format {
        id: "qoi",
        name: "Quite OK Image",
        extensions: &["qoi"],
        mime: &["image/qoi", "image/x-qoi"],
        signatures: &[Signature::start(b"qoif")],
        holds: &[Alpha, Colours, Quality],
        specification: "The Quite OK Image Format 1.0, https://qoiformat.org/qoi-specification.pdf",
        ..Format::IMAGE
    },
    Format {
        id: "raster",
        name: "Formwork raster",
        extensions: &["fwraster"],
        mime: &["image/x-formwork-raster"],
        signatures: &[Signature::start(b"FWRASTER")],
        holds: &[Alpha, Animation, BitDepth, ColourProfile, Colours, Inks, Metadata, Pages, Quality],
        specification: "Formwork, passed between plugins and never written to a user's file",
        internal: true,
        ..Format::IMAGE
    },
    Format {
        id: "sgi",
        name: "Silicon Graphics image",
        extensions: &["sgi", "rgb", "rgba", "bw"],
        mime: &["image/sgi", "image/x-sgi"],
        holds: &[Alpha, BitDepth, Colours, Quality],
        specification: "The SGI Image File Format, version 1.00",
        ..Format::IMAGE
    },
    Format {
        id: "svg",
        name: "Scalable Vector Graphics",
        extensions: &["svg"],
        mime: &["image/svg+xml"],
        container: Some("xml"),
        holds: &[Alpha, Animation, Colours, Fonts, Metadata, Text, Vector, Quality],
        specification: "W3C SVG 1.1 and 2, https://www.w3.org/TR/SVG2/",
        ..Format::IMAGE
    },
    Format {
        id: "svgz",
        name: "SVG in gzip",
        extensions: &["svgz"],
        mime: &["image/svg+xml-compressed", "image/svg+xml"],
        container: Some("gz"),
        holds: &[Alpha, Animation, Colours, Fonts, Metadata, Text, Vector, Quality],
        specification: "W3C SVG 1.1, conformance criteria, https://www.w3.org/TR/SVG11/conform.html",
        ..Format::IMAGE
    },
    Format {
        id: "tga",
        name: "Truevision Targa",
        extensions: &["tga", "icb", "vda", "vst", "tpic"],
        aliases: &["targa"],
        mime: &["image/x-tga", "image/x-targa"],
        holds: &[Alpha, Colours, Quality],
        specification: "Truevision TGA File Format Specification, version 2.0",
        ..Format::IMAGE
    },
    Format {
        id: "tiff",
        name: "Tagged Image File Format",
        extensions: &["tiff", "tif"],
        mime: &["image/tiff"],
        signatures: &[
            Signature::start(b"II*\x00"),
            Signature::start(b"MM\x00*"),
            Signature::start(b"II+\x00\x08\x00\x00\x00"),
            Signature::start(b"MM\x00+\x00\x08\x00\x00"),
        ],
        compression: Either,
        holds: &[Alpha, BitDepth, ColourProfile, Colours, Inks, Layers, Metadata, Pages, Quality],
        specification: "Adobe TIFF 6.0, https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf",
        ..Format::IMAGE
    },
    Format {
        id: "webp",
        name: "WebP",
        extensions: &["webp"],
        mime: &["image/webp"],
        signatures: &[Signature::at(8, b"WEBPVP8")],
        compression: Either,
        holds: &[Alpha, Animation, ColourProfile, Colours, Metadata, Quality],
        specification: "RFC 9649, https://www.rfc-editor.org/rfc/rfc9649",
        ..Format::IMAGE
    },
    Format {
        id: "wmf",
        name: "Windows Metafile",
        extensions: &["wmf"],
        mime: &["image/wmf", "image/x-wmf"],
        signatures: &[Signature::start(b"\xD7\xCD\xC6\x9A\x00\x00")],
        holds: &[Colours, Fonts, Text, Vector, Quality],
        specification: "Microsoft [MS-WMF], https://learn.microsoft.com/openspecs/windows_protocols/ms-wmf/",
        ..Format::IMAGE
    },
    Format {
        id: "xbm",
        name: "X bitmap",
        extensions: &["xbm"],
        mime: &["image/x-xbitmap", "image/x-xbm"],
        holds: &[Quality],
        specification: "X.Org, Xlib Programming Manual, XReadBitmapFile",
        ..Format::IMAGE
    },
    Format {
        id: "xcf",
        name: "GIMP image",
        extensions: &["xcf"],
        mime: &["image/x-xcf"],
        signatures: &[Signature::start(b"gimp xcf ")],
        holds: &[Alpha, BitDepth, ColourProfile, Colours, Layers, Metadata, Text, Quality],
        specification: "GIMP XCF documentation, https://developer.gimp.org/core/standards/xcf/",
        ..Format::IMAGE
    },
    Format {
        id: "xpm",
        name: "X pixmap",
        extensions: &["xpm"],
        mime: &["image/x-xpixmap", "image/x-xpm"],
        signatures: &[Signature::start(b"/* XPM */")],
        holds: &[Alpha, Quality],
        specification: "XPM manual 3.4i, Groupe Bull 1996",
        ..Format::IMAGE
    },
];
