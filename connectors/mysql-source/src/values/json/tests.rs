use super::to_text;

fn double(number: f64) -> String {
    let mut bytes = vec![0x0b];
    bytes.extend(number.to_le_bytes());
    to_text(&bytes).unwrap()
}

#[test]
fn doubles_are_written_without_exponent() {
    // The rule of `JsonStringFormatter`; the last is in golden scenario a_raw.
    assert_eq!(double(1.0), "1.0");
    assert_eq!(double(-12.5), "-12.5");
    assert_eq!(double(100_000.0), "100000.0");
    assert_eq!(double(9_999_999.5), "9999999.5");
    assert_eq!(double(1e7), "10000000");
    assert_eq!(double(0.0), "0.0");
    assert_eq!(double(0.001), "0.001");
    assert_eq!(double(2f64.powi(-11)), "0.00048828125");
    assert_eq!(double(12_345_678.5), "12345678.5");
    assert_eq!(
        double(1e100),
        "10000000000000000159028911097599180468360808563945281389781327557747838772170381060813469\
         985856815104"
    );
}

#[test]
fn strings_are_escaped() {
    assert_eq!(
        to_text(b"\x0c\x07a\"\\\n\x1f\xc3\xa9").unwrap(),
        "\"a\\\"\\\\\\n\\u001F\u{e9}\""
    );
}

#[test]
fn small_documents() {
    assert_eq!(to_text(&[4, 0]).unwrap(), "null");
    assert_eq!(to_text(&[4, 1]).unwrap(), "true");
    assert_eq!(to_text(&[5, 0xff, 0xff]).unwrap(), "-1");
    assert_eq!(to_text(&[0, 0, 0, 4, 0]).unwrap(), "{}");
    assert_eq!(to_text(&[2, 0, 0, 4, 0]).unwrap(), "[]");
    // {"a":[1]}
    let object = [
        0, 1, 0, 19, 0, 11, 0, 1, 0, 2, 12, 0, b'a', 1, 0, 7, 0, 5, 1, 0,
    ];
    assert_eq!(to_text(&object).unwrap(), "{\"a\":[1]}");
}

#[test]
fn malformed_documents_are_refused() {
    let object = [
        0, 1, 0, 19, 0, 11, 0, 1, 0, 2, 12, 0, b'a', 1, 0, 7, 0, 5, 1,
    ];
    for length in 0..object.len() {
        assert!(to_text(&object[..length]).is_err(), "{length}");
    }
    assert!(to_text(&[14, 0]).is_err());
    // An array whose only element is the array itself.
    assert!(to_text(&[2, 1, 0, 7, 0, 2, 0, 0]).is_err());
}
