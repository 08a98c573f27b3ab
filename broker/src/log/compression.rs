//! The compressions of the record format, bounded in what they may grow to.

use std::io::{self, Read, Write};

use super::batch::Compression;
use super::error::BatchError;

/// What one batch's records may decompress to. Clients bound a batch by its uncompressed size
/// (`max.request.size`, `message.max.bytes`), so only a decompression bomb comes near.
pub(crate) const MAX_DECOMPRESSED: usize = 256 << 20;

/// How snappy-java (`SnappyOutputStream`) begins a stream, before its version and the oldest
/// version that reads it.
const XERIAL_MAGIC: [u8; 8] = [0x82, b'S', b'N', b'A', b'P', b'P', b'Y', 0];
const XERIAL_HEADER_SIZE: usize = 16;
/// Uncompressed bytes in a block (`SnappyOutputStream.DEFAULT_BLOCK_SIZE`).
const XERIAL_BLOCK_SIZE: usize = 32 << 10;
/// More than snappy can expand: its densest element copies 64 bytes and takes 3.
const SNAPPY_MAX_RATIO: usize = 24;

/// Decompresses a batch's records.
pub(crate) fn decompress(codec: Compression, stored: &[u8]) -> Result<Vec<u8>, BatchError> {
    decompress_bounded(codec, stored, MAX_DECOMPRESSED)
}

/// As `decompress`, with another bound.
fn decompress_bounded(
    codec: Compression,
    stored: &[u8],
    max: usize,
) -> Result<Vec<u8>, BatchError> {
    let failed = |error: io::Error| decompress_error(codec, &error);
    match codec {
        Compression::None => Ok(stored.to_vec()),
        Compression::Gzip => read_bounded(flate2::read::MultiGzDecoder::new(stored), codec, max),
        Compression::Snappy => decompress_snappy(stored, max),
        Compression::Lz4 => read_bounded(lz4_flex::frame::FrameDecoder::new(stored), codec, max),
        Compression::Zstd => {
            let decoder = zstd::stream::read::Decoder::with_buffer(stored).map_err(failed)?;
            read_bounded(decoder, codec, max)
        }
    }
}

fn decompress_error(codec: Compression, error: &dyn std::fmt::Display) -> BatchError {
    BatchError::Decompress {
        codec: codec.name(),
        reason: error.to_string(),
    }
}

fn read_bounded(reader: impl Read, codec: Compression, max: usize) -> Result<Vec<u8>, BatchError> {
    let mut out = Vec::new();
    reader
        .take(max as u64 + 1)
        .read_to_end(&mut out)
        .map_err(|error| decompress_error(codec, &error))?;
    if out.len() > max {
        Err(BatchError::TooLarge(max))
    } else {
        Ok(out)
    }
}

/// snappy-java's blocks, each with its size before it, or one raw block as other clients send.
fn decompress_snappy(stored: &[u8], max: usize) -> Result<Vec<u8>, BatchError> {
    let mut out = Vec::new();
    if !stored.starts_with(&XERIAL_MAGIC) {
        snappy_block(stored, &mut out, max)?;
        return Ok(out);
    }
    let cut = || decompress_error(Compression::Snappy, &"a block is cut off");
    let mut rest = stored.get(XERIAL_HEADER_SIZE..).ok_or_else(cut)?;
    while !rest.is_empty() {
        let (size, blocks) = rest.split_first_chunk::<4>().ok_or_else(cut)?;
        let size = u32::from_be_bytes(*size) as usize;
        snappy_block(blocks.get(..size).ok_or_else(cut)?, &mut out, max)?;
        rest = &blocks[size..];
    }
    Ok(out)
}

fn snappy_block(block: &[u8], out: &mut Vec<u8>, max: usize) -> Result<(), BatchError> {
    let failed = |error: &dyn std::fmt::Display| decompress_error(Compression::Snappy, error);
    let size = snap::raw::decompress_len(block).map_err(|error| failed(&error))?;
    if size > block.len().saturating_mul(SNAPPY_MAX_RATIO) {
        return Err(failed(
            &"a block says that it has more bytes than it can have",
        ));
    }
    let start = out.len();
    if start + size > max {
        return Err(BatchError::TooLarge(max));
    }
    out.resize(start + size, 0);
    let written = snap::raw::Decoder::new()
        .decompress(block, &mut out[start..])
        .map_err(|error| failed(&error))?;
    out.truncate(start + written);
    Ok(())
}

/// Compresses records as the Java client does, so that every client reads them.
pub(super) fn compress(codec: Compression, records: &[u8]) -> io::Result<Vec<u8>> {
    match codec {
        Compression::None => Ok(records.to_vec()),
        Compression::Gzip => {
            let level = flate2::Compression::default();
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
            encoder.write_all(records)?;
            encoder.finish()
        }
        Compression::Snappy => compress_snappy(records),
        Compression::Lz4 => {
            // The Java client reads independent blocks only (`Lz4BlockInputStream`).
            let mut frame = lz4_flex::frame::FrameInfo::new();
            frame.block_mode = lz4_flex::frame::BlockMode::Independent;
            frame.block_size = lz4_flex::frame::BlockSize::Max64KB;
            let mut encoder = lz4_flex::frame::FrameEncoder::with_frame_info(frame, Vec::new());
            encoder.write_all(records)?;
            encoder.finish().map_err(io::Error::other)
        }
        Compression::Zstd => zstd::stream::encode_all(records, zstd::DEFAULT_COMPRESSION_LEVEL),
    }
}

fn compress_snappy(records: &[u8]) -> io::Result<Vec<u8>> {
    let mut out = XERIAL_MAGIC.to_vec();
    // The stream's version and the oldest version that reads it.
    out.extend(1_i32.to_be_bytes());
    out.extend(1_i32.to_be_bytes());
    for block in records.chunks(XERIAL_BLOCK_SIZE) {
        let packed = snap::raw::Encoder::new()
            .compress_vec(block)
            .map_err(io::Error::other)?;
        out.extend((packed.len() as u32).to_be_bytes());
        out.extend(packed);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CODECS: [Compression; 4] = [
        Compression::Gzip,
        Compression::Snappy,
        Compression::Lz4,
        Compression::Zstd,
    ];

    #[test]
    fn what_grows_past_the_bound_is_refused() {
        let zeros = vec![0; 100_000];
        for codec in CODECS {
            let packed = compress(codec, &zeros).expect("compresses");
            assert_eq!(
                decompress_bounded(codec, &packed, 100_000),
                Ok(zeros.clone())
            );
            let refused = decompress_bounded(codec, &packed, 99_999);
            assert_eq!(refused, Err(BatchError::TooLarge(99_999)), "{codec:?}");
        }
    }

    #[test]
    fn snappy_without_a_frame_is_read() {
        let packed = snap::raw::Encoder::new()
            .compress_vec(b"one raw block")
            .expect("compresses");
        let read = decompress(Compression::Snappy, &packed).expect("decompresses");
        assert_eq!(read, b"one raw block");
    }

    #[test]
    fn snappy_that_claims_four_gigabytes_is_refused_before_it_is_allocated() {
        let claims = [0xff, 0xff, 0xff, 0xff, 0x0f, 0];
        let refused = decompress(Compression::Snappy, &claims);
        assert!(matches!(
            refused,
            Err(BatchError::Decompress {
                codec: "snappy",
                ..
            })
        ));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn everything_comes_back(records in prop::collection::vec(any::<u8>(), 0..100_000)) {
            for codec in CODECS {
                let packed = compress(codec, &records).expect("compresses");
                let read = decompress(codec, &packed).expect("decompresses");
                prop_assert!(read == records, "{:?}", codec);
            }
        }

        #[test]
        fn garbage_is_an_error_or_bounded(garbage in prop::collection::vec(any::<u8>(), 0..2_000)) {
            for codec in CODECS {
                if let Ok(read) = decompress_bounded(codec, &garbage, 10_000) {
                    prop_assert!(read.len() <= 10_000);
                }
            }
        }
    }
}
