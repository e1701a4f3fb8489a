//! Files in a container or a compressed stream.

use crate::Feature::{Encryption, Entries, Links, Metadata, Names, Permissions, Timestamps};
use crate::{Feature, Format, Signature};

/// What a tar archive holds, compressed or not.
const TAR: &[Feature] = &[Entries, Names, Timestamps, Permissions, Links];

/// A tar archive in a compressed stream.
const COMPRESSED_TAR: Format = Format {
    holds: TAR,
    specification: "IEEE Std 1003.1 (pax, ustar) inside the compressed stream",
    ..Format::ARCHIVE
};

pub(super) const TABLE: &[Format] = &[
    Format {
        id: "7z",
        name: "7-Zip archive",
        extensions: &["7z", "cb7"],
        aliases: &["7zip", "sevenzip"],
        mime: &["application/x-7z-compressed"],
        signatures: &[Signature::start(b"7z\xBC\xAF\x27\x1C")],
        holds: &[Entries, Names, Timestamps, Permissions, Links, Encryption],
        specification: "7z format description, DOC/7zFormat.txt of the LZMA SDK, https://www.7-zip.org/sdk.html",
        ..Format::ARCHIVE
    },
    Format {
        id: "ar",
        name: "Unix library archive",
        extensions: &["ar", "a", "lib"],
        mime: &["application/x-archive", "application/x-unix-archive"],
        signatures: &[Signature::start(b"!<arch>\n")],
        holds: &[Entries, Names, Timestamps, Permissions],
        specification: "ar(5) of System V and BSD",
        ..Format::ARCHIVE
    },
    Format {
        id: "arj",
        name: "ARJ archive",
        extensions: &["arj"],
        mime: &["application/x-arj"],
        holds: &[Entries, Names, Timestamps, Encryption],
        specification: "ARJ technical information, R. Jung",
        ..Format::ARCHIVE
    },
    Format {
        id: "bz2",
        name: "bzip2 stream",
        extensions: &["bz2", "bz"],
        aliases: &["bzip2"],
        mime: &["application/x-bzip2", "application/bzip2"],
        signatures: &[Signature::start(b"BZh")],
        specification: "bzip2 and libbzip2 manual 1.0.8, https://sourceware.org/bzip2/",
        ..Format::ARCHIVE
    },
    Format {
        id: "cab",
        name: "Windows cabinet",
        extensions: &["cab"],
        aliases: &["cabinet"],
        mime: &["application/vnd.ms-cab-compressed"],
        signatures: &[Signature::start(b"MSCF\x00\x00\x00\x00")],
        holds: &[Entries, Names, Timestamps],
        specification: "Microsoft [MS-CAB], https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-cab/",
        ..Format::ARCHIVE
    },
    Format {
        id: "cpio",
        name: "cpio archive",
        extensions: &["cpio"],
        mime: &["application/x-cpio"],
        signatures: &[Signature::start(b"070701"), Signature::start(b"070702"), Signature::start(b"070707")],
        holds: TAR,
        specification: "IEEE Std 1003.1 (pax, cpio interchange format); cpio(5)",
        ..Format::ARCHIVE
    },
    Format {
        id: "deb",
        name: "Debian package",
        extensions: &["deb", "udeb", "ipk"],
        mime: &["application/vnd.debian.binary-package"],
        signatures: &[Signature::start(b"!<arch>\ndebian-binary")],
        container: Some("ar"),
        holds: &[Entries, Names, Timestamps, Permissions, Links, Metadata],
        specification: "deb(5) of dpkg",
        ..Format::ARCHIVE
    },
    Format {
        id: "gz",
        name: "gzip stream",
        extensions: &["gz"],
        aliases: &["gzip"],
        mime: &["application/gzip", "application/x-gzip"],
        signatures: &[Signature::start(b"\x1F\x8B\x08")],
        holds: &[Names, Timestamps],
        specification: "RFC 1952, https://www.rfc-editor.org/rfc/rfc1952",
        ..Format::ARCHIVE
    },
    Format {
        id: "iso",
        name: "ISO 9660 disc image",
        extensions: &["iso"],
        aliases: &["iso9660"],
        mime: &["application/x-iso9660-image", "application/vnd.efi.iso"],
        signatures: &[Signature::at(0x8001, b"CD001")],
        holds: &[Entries, Names, Timestamps, Permissions, Links],
        specification: "ECMA-119, https://ecma-international.org/publications-and-standards/standards/ecma-119/",
        ..Format::ARCHIVE
    },
    Format {
        id: "lz",
        name: "lzip stream",
        extensions: &["lz"],
        aliases: &["lzip"],
        mime: &["application/lzip", "application/x-lzip"],
        signatures: &[Signature::start(b"LZIP\x01")],
        specification: "Lzip manual, file format, https://www.nongnu.org/lzip/",
        ..Format::ARCHIVE
    },
    Format {
        id: "lz4",
        name: "LZ4 frame",
        extensions: &["lz4"],
        mime: &["application/x-lz4"],
        signatures: &[Signature::start(b"\x04\x22\x4D\x18"), Signature::start(b"\x02\x21\x4C\x18")],
        specification: "LZ4 Frame Format Description 1.6.4, https://github.com/lz4/lz4",
        ..Format::ARCHIVE
    },
    Format {
        id: "lzh",
        name: "LHA archive",
        extensions: &["lzh", "lha"],
        mime: &["application/x-lzh-compressed", "application/x-lha"],
        holds: &[Entries, Names, Timestamps, Permissions],
        specification: "LHa for UNIX, header document, https://github.com/jca02266/lha",
        ..Format::ARCHIVE
    },
    Format {
        id: "lzma",
        name: "LZMA stream",
        extensions: &["lzma"],
        mime: &["application/x-lzma"],
        specification: "The .lzma File Format, doc/lzma-file-format.txt of XZ Utils, https://tukaani.org/xz/",
        ..Format::ARCHIVE
    },
    Format {
        id: "rar",
        name: "RAR archive",
        extensions: &["rar", "cbr"],
        mime: &["application/vnd.rar", "application/x-rar-compressed"],
        signatures: &[
            Signature::start(b"Rar!\x1A\x07\x00"),
            Signature::start(b"Rar!\x1A\x07\x01\x00"),
            Signature::start(b"RE~^"),
        ],
        holds: &[Entries, Names, Timestamps, Permissions, Links, Encryption],
        specification: "RAR 5.0 archive format, https://www.rarlab.com/technote.htm",
        ..Format::ARCHIVE
    },
    Format {
        id: "rpm",
        name: "RPM package",
        extensions: &["rpm"],
        mime: &["application/x-rpm"],
        signatures: &[Signature::start(b"\xED\xAB\xEE\xDB")],
        holds: &[Entries, Names, Timestamps, Permissions, Links, Metadata],
        specification: "RPM V4 package format, https://rpm.org",
        ..Format::ARCHIVE
    },
    Format {
        id: "tar",
        name: "tar archive",
        extensions: &["tar", "ustar", "cbt"],
        mime: &["application/x-tar"],
        signatures: &[Signature::at(257, b"ustar")],
        holds: TAR,
        specification: "IEEE Std 1003.1 (pax, ustar interchange format), https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html",
        ..Format::ARCHIVE
    },
    Format {
        id: "tbz2",
        name: "tar in bzip2",
        extensions: &["tbz2", "tar.bz2", "tbz", "tb2", "tar.bz"],
        mime: &["application/x-bzip2-compressed-tar"],
        container: Some("bz2"),
        ..COMPRESSED_TAR
    },
    Format {
        id: "tgz",
        name: "tar in gzip",
        extensions: &["tgz", "tar.gz", "taz"],
        mime: &["application/x-compressed-tar", "application/x-gtar"],
        container: Some("gz"),
        ..COMPRESSED_TAR
    },
    Format {
        id: "tlz4",
        name: "tar in LZ4",
        extensions: &["tlz4", "tar.lz4"],
        mime: &["application/x-lz4-compressed-tar"],
        container: Some("lz4"),
        ..COMPRESSED_TAR
    },
    Format {
        id: "txz",
        name: "tar in xz",
        extensions: &["txz", "tar.xz"],
        mime: &["application/x-xz-compressed-tar"],
        container: Some("xz"),
        ..COMPRESSED_TAR
    },
    Format {
        id: "tzst",
        name: "tar in Zstandard",
        extensions: &["tzst", "tar.zst", "tzs"],
        mime: &["application/x-zstd-compressed-tar"],
        container: Some("zst"),
        ..COMPRESSED_TAR
    },
    Format {
        id: "xz",
        name: "xz stream",
        extensions: &["xz"],
        mime: &["application/x-xz"],
        signatures: &[Signature::start(b"\xFD7zXZ\x00")],
        specification: "The .xz File Format 1.2.1, https://tukaani.org/xz/xz-file-format.txt",
        ..Format::ARCHIVE
    },
    Format {
        id: "z",
        name: "Unix compress stream",
        extensions: &["z"],
        aliases: &["compress"],
        mime: &["application/x-compress"],
        signatures: &[Signature::start(b"\x1F\x9D")],
        specification: "IEEE Std 1003.1 (compress)",
        ..Format::ARCHIVE
    },
    Format {
        id: "zip",
        name: "ZIP archive",
        extensions: &["zip", "zipx", "cbz"],
        mime: &["application/zip", "application/x-zip-compressed"],
        signatures: &[
            Signature::start(b"PK\x03\x04"),
            Signature::start(b"PK\x05\x06"),
            Signature::start(b"PK\x07\x08"),
        ],
        holds: &[Entries, Names, Timestamps, Permissions, Links, Encryption],
        specification: "PKWARE APPNOTE 6.3.10, https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT; ISO/IEC 21320-1",
        ..Format::ARCHIVE
    },
    Format {
        id: "zst",
        name: "Zstandard frame",
        extensions: &["zst", "zstd"],
        aliases: &["zstandard"],
        mime: &["application/zstd", "application/x-zstd"],
        signatures: &[Signature::start(b"\x28\xB5\x2F\xFD")],
        specification: "RFC 8878, https://www.rfc-editor.org/rfc/rfc8878",
        ..Format::ARCHIVE
    },
];
