//! Damaged events give errors or other values, but no panic.

use connect_mysql_source::envelope::EnvelopeSettings;
use connect_mysql_source::rows::TableMap;
use connect_mysql_source::values::ValueModes;

use crate::binlog::{Stream, stream};
use crate::data;

fn damaged(damage: fn(&mut Vec<u8>)) -> usize {
    let modes = ValueModes::default();
    let stream = Stream::new("a_raw", &modes, EnvelopeSettings::new("a_raw"));
    stream.damaged(damage).run(&data::binlog()).len()
}

#[test]
fn events_that_end_too_early() {
    let whole = stream("a_raw", &ValueModes::default()).len();
    assert!(damaged(|body| body.truncate(body.len() - 1)) < whole);
    assert!(damaged(|body| body.truncate(body.len() / 2)) < whole);
    assert_eq!(damaged(|body| body.truncate(9)), 0);
}

#[test]
fn events_with_other_bytes() {
    // Behind the header: the images, their lengths and null bits.
    damaged(|body| body.iter_mut().skip(12).for_each(|byte| *byte = !*byte));
    damaged(|body| {
        body.iter_mut()
            .skip(12)
            .for_each(|byte| *byte = byte.rotate_left(1))
    });
    damaged(|body| {
        body.iter_mut()
            .skip(40)
            .step_by(3)
            .for_each(|byte| *byte = 0xff)
    });
    damaged(|body| {
        body.iter_mut()
            .skip(40)
            .step_by(7)
            .for_each(|byte| *byte = 0)
    });
    damaged(|body| {
        body.iter_mut()
            .skip(30)
            .step_by(11)
            .for_each(|byte| *byte ^= 0x55)
    });
}

#[test]
fn table_maps_of_any_bytes() {
    let file = data::binlog();
    for start in 0..file.len() {
        let end = file.len().min(start + 200);
        drop(TableMap::parse(&file[start..end]));
    }
}
