//! What is left after a crash.

use std::fs;

use proptest::prelude::*;

use super::*;

/// Where a batch is and which offsets it has.
#[derive(Debug, Clone)]
struct Placed {
    segment: usize,
    start: usize,
    end: usize,
    next_offset: i64,
}

/// Writes batches of these numbers of records and value sizes and does not close the log.
fn write(dir: &Path, batches: &[(usize, usize)]) -> (Vec<Placed>, Vec<u8>) {
    let mut log = Log::open(dir, small_segments()).expect("opens");
    let mut placed = Vec::new();
    for (records, size) in batches {
        let batch = batch_of(*records, *size, 1000);
        append(&mut log, &batch);
        let segment = log.segments.len() - 1;
        let end = log.active().size() as usize;
        let next_offset = log.end_offset();
        placed.push(Placed {
            segment,
            start: end - batch.len(),
            end,
            next_offset,
        });
    }
    (placed, read_all(&log))
}

fn batches() -> impl Strategy<Value = Vec<(usize, usize)>> {
    prop::collection::vec((1_usize..4, 0_usize..400), 1..40)
}

/// Opens the log after damage to a batch: what was before it is there, nothing else, and it can be
/// appended to and closed.
fn check_prefix(dir: &Path, all: &[u8], damaged: usize, placed: &[Placed]) {
    let kept: usize = placed[..damaged]
        .iter()
        .map(|batch| batch.end - batch.start)
        .sum();
    let end = if damaged == 0 {
        0
    } else {
        placed[damaged - 1].next_offset
    };
    let mut log = Log::open(dir, small_segments()).expect("opens");
    assert_eq!(log.end_offset(), end);
    assert_eq!(read_all(&log), &all[..kept]);
    assert_eq!(append(&mut log, &batch_of(1, 10, 1000)), end);
    let appended = read_all(&log);
    log.close().expect("closes");
    let log = Log::open(dir, small_segments()).expect("opens");
    assert_eq!((log.end_offset(), read_all(&log)), (end + 1, appended));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn any_cut_leaves_the_longest_valid_prefix(batches in batches(), at: prop::sample::Index) {
        let dir = tempfile::tempdir().expect("a folder");
        let (placed, all) = write(dir.path(), &batches);
        let cut = at.index(all.len());
        let mut before = 0;
        let mut hit = 0;
        while before + placed[hit].end - placed[hit].start <= cut {
            before += placed[hit].end - placed[hit].start;
            hit += 1;
        }
        let path = dir.path().join(&segment_files(dir.path())[placed[hit].segment]);
        let length = placed[hit].start + (cut - before);
        fs::File::options().write(true).open(&path).expect("opens")
            .set_len(length as u64).expect("cuts");
        check_prefix(dir.path(), &all, hit, &placed);
    }

    #[test]
    fn any_flipped_bit_is_found(
        batches in batches(),
        at: prop::sample::Index,
        bit in 0_u8..8,
    ) {
        let dir = tempfile::tempdir().expect("a folder");
        let (placed, all) = write(dir.path(), &batches);
        let hit = at.index(placed.len());
        let path = dir.path().join(&segment_files(dir.path())[placed[hit].segment]);
        let mut bytes = fs::read(&path).expect("reads");
        let byte = placed[hit].start + at.index(placed[hit].end - placed[hit].start);
        bytes[byte] ^= 1 << bit;
        fs::write(&path, &bytes).expect("writes");
        check_prefix(dir.path(), &all, hit, &placed);
    }

    #[test]
    fn garbage_at_the_end_goes(
        batches in batches(),
        garbage in prop::collection::vec(any::<u8>(), 1..500),
        zeros: bool,
    ) {
        let dir = tempfile::tempdir().expect("a folder");
        let (placed, all) = write(dir.path(), &batches);
        let path = dir.path().join(segment_files(dir.path()).pop().expect("a segment"));
        let mut bytes = fs::read(&path).expect("reads");
        bytes.extend(if zeros { vec![0; garbage.len()] } else { garbage });
        fs::write(&path, &bytes).expect("writes");
        check_prefix(dir.path(), &all, placed.len(), &placed);
    }

    #[test]
    fn random_bytes_as_a_segment_are_an_empty_log(
        garbage in prop::collection::vec(any::<u8>(), 0..5000),
        clean: bool,
    ) {
        let dir = tempfile::tempdir().expect("a folder");
        if clean {
            Log::open(dir.path(), small_segments()).expect("opens").close().expect("closes");
        }
        fs::write(dir.path().join("00000000000000000000.log"), &garbage).expect("writes");
        check_prefix(dir.path(), &[], 0, &[]);
    }

    /// Pieces of a log in any disorder: what is opened can be read to its end.
    #[test]
    fn a_scrambled_log_is_opened_to_something_readable(
        batches in batches(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20),
        moved: prop::sample::Index,
        clean: bool,
    ) {
        let dir = tempfile::tempdir().expect("a folder");
        write(dir.path(), &batches);
        if clean {
            Log::open(dir.path(), small_segments()).expect("opens").close().expect("closes");
        }
        let entries = fs::read_dir(dir.path()).expect("a folder");
        let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
        paths.sort();
        let path = &paths[moved.index(paths.len())];
        let mut bytes = fs::read(path).expect("reads");
        for (index, value) in edits {
            if !bytes.is_empty() {
                let index = index.index(bytes.len());
                bytes[index] = value;
            }
        }
        if !bytes.is_empty() {
            let middle = moved.index(bytes.len());
            bytes.rotate_left(middle);
        }
        fs::write(path, &bytes).expect("writes");
        // A clean mark is trusted, so that damage may come out as an error, but never as a panic.
        let opened = Log::open(dir.path(), small_segments());
        if !clean {
            let log = opened.expect("opens");
            read_all(&log);
            log.headers_from(log.start_offset(), |_, _| {}).expect("reads");
        } else if let Ok(log) = opened {
            for offset in log.start_offset()..log.end_offset().min(log.start_offset() + 200) {
                drop(log.read(offset, log.end_offset(), 1000));
            }
            drop(log.offset_for_time(500));
            drop(log.headers_from(log.start_offset(), |_, _| {}));
        }
    }
}

#[test]
fn a_clean_start_does_not_read_the_batches() {
    let dir = tempfile::tempdir().expect("a folder");
    let (_, all) = write(dir.path(), &[(1, 300); 40]);
    let mut log = Log::open(dir.path(), small_segments()).expect("opens");
    log.close().expect("closes");
    // Damage in a segment's middle is found by nothing but the reading of all batches.
    let path = dir.path().join(&segment_files(dir.path())[2]);
    let mut bytes = fs::read(&path).expect("reads");
    bytes[500] ^= 1;
    fs::write(&path, &bytes).expect("writes");
    let mut log = Log::open(dir.path(), small_segments()).expect("opens");
    assert_eq!(log.end_offset(), 40);

    // The mark is gone with the first change, so that a crash after it is noticed.
    append(&mut log, &batch_of(1, 10, 1000));
    drop(log);
    // The real one checks segments before the recovery point no more either.
    let log = Log::open(dir.path(), small_segments()).expect("opens");
    assert_eq!(log.end_offset(), 41);
    drop(log);
    fs::remove_file(dir.path().join("checkpoint")).expect("removes");
    let log = Log::open(dir.path(), small_segments()).expect("opens");
    assert!(log.end_offset() < 40);
    let left = read_all(&log);
    assert_eq!(left, all[..left.len()]);
}

#[test]
fn segments_on_the_disk_are_not_read_again() {
    let dir = tempfile::tempdir().expect("a folder");
    write(dir.path(), &[(1, 300); 40]);
    let mut log = Log::open(dir.path(), small_segments()).expect("opens");
    let plan = log
        .plan_clean(0, &crate::log::CleanBounds::default())
        .expect("plans");
    log.finish_clean(plan.run().expect("flushes"))
        .expect("finishes");
    assert_eq!(log.checkpoint.recovery, log.active().base());
    drop(log);
    let path = dir.path().join(&segment_files(dir.path())[2]);
    let mut bytes = fs::read(&path).expect("reads");
    bytes[500] ^= 1;
    fs::write(&path, &bytes).expect("writes");
    let log = Log::open(dir.path(), small_segments()).expect("opens");
    assert_eq!(log.end_offset(), 40);
}

#[test]
fn indexes_that_are_not_there_are_made_anew() {
    let dir = tempfile::tempdir().expect("a folder");
    let (_, all) = write(dir.path(), &[(2, 300); 40]);
    Log::open(dir.path(), small_segments())
        .expect("opens")
        .close()
        .expect("closes");
    for name in segment_files(dir.path()) {
        let path = dir.path().join(name);
        drop(fs::remove_file(path.with_extension("index")));
        drop(fs::write(path.with_extension("timeindex"), b"odd"));
    }
    let log = Log::open(dir.path(), small_segments()).expect("opens");
    assert_eq!(read_all(&log), all);
    assert_eq!(
        log.offset_for_time(1000).expect("searches"),
        Some((0, 1000))
    );
}
