//! `Double.toString` and `Float.toString`: the shortest digits that read back
//! as the same number, at least one after the point, and scientific notation
//! below 10⁻³ and from 10⁷ on.
//!
//! This is the text of Java 19 and later. Earlier ones sometimes write more
//! digits than needed for the same number (JDK-4511638: `2.0E-3` but
//! `1.9999999999999998E23` for 2e23), which reads back as the same number.

/// Appends a finite or other double as `Double.toString` does.
pub fn write_f64(out: &mut Vec<u8>, value: f64) {
    if !value.is_finite() {
        out.extend_from_slice(not_finite(value));
        return;
    }
    let mut buffer = zmij::Buffer::new();
    let shortest = buffer.format_finite(value);
    if value != 0.0 && value.abs() < 1e-320 {
        // Among the two-digit decimals that read back, Java takes the nearest.
        java_layout(out, &format!("{value:.1e}"));
    } else {
        java_layout(out, shortest);
    }
}

/// Appends a float as `Float.toString` does.
pub fn write_f32(out: &mut Vec<u8>, value: f32) {
    if !value.is_finite() {
        out.extend_from_slice(not_finite(f64::from(value)));
        return;
    }
    let mut buffer = zmij::Buffer::new();
    let shortest = buffer.format_finite(value);
    if value != 0.0 && value.abs() < 1e-43 {
        java_layout(out, &format!("{value:.1e}"));
    } else {
        java_layout(out, shortest);
    }
}

/// What Java calls a number that is not finite.
fn not_finite(value: f64) -> &'static [u8] {
    if value.is_nan() {
        b"NaN"
    } else if value > 0.0 {
        b"Infinity"
    } else {
        b"-Infinity"
    }
}

/// The most digits that a shortest double has.
const MAX_DIGITS: usize = 17;

/// Lays out the digits of a decimal text (`-1.5`, `1e-7`, `1.25e+30`) as Java
/// does.
fn java_layout(out: &mut Vec<u8>, text: &str) {
    let mut bytes = text.bytes().peekable();
    if bytes.next_if_eq(&b'-').is_some() {
        out.push(b'-');
    }
    let mut digits = [0_u8; MAX_DIGITS];
    let mut count = 0;
    // The power of ten of the first digit that counts.
    let mut exponent = -1;
    let mut has_point = false;
    while let Some(byte) = bytes.next_if(|byte| byte.is_ascii_digit() || *byte == b'.') {
        if byte == b'.' {
            has_point = true;
            continue;
        }
        let is_leading_zero = count == 0 && byte == b'0';
        if !is_leading_zero && count < MAX_DIGITS {
            digits[count] = byte;
            count += 1;
        }
        match (has_point, is_leading_zero) {
            (false, false) => exponent += 1,
            (true, true) => exponent -= 1,
            _ => {}
        }
    }
    if bytes.next().is_some() {
        let written: String = bytes.map(char::from).collect();
        exponent += written.parse::<i32>().unwrap_or(0);
    }
    while count > 1 && digits[count - 1] == b'0' {
        count -= 1;
    }
    if count == 0 {
        out.extend_from_slice(b"0.0");
        return;
    }
    place_point(out, &digits[..count], exponent);
}

fn place_point(out: &mut Vec<u8>, digits: &[u8], exponent: i32) {
    match exponent {
        0..=6 => {
            let whole = usize::try_from(exponent).unwrap_or(0) + 1;
            for position in 0..whole {
                out.push(digits.get(position).copied().unwrap_or(b'0'));
            }
            out.push(b'.');
            out.extend_from_slice(fraction(digits, whole));
        }
        -3..=-1 => {
            out.extend_from_slice(b"0.");
            out.extend(std::iter::repeat_n(
                b'0',
                usize::try_from(-1 - exponent).unwrap_or(0),
            ));
            out.extend_from_slice(digits);
        }
        _ => {
            out.push(digits[0]);
            out.push(b'.');
            out.extend_from_slice(fraction(digits, 1));
            out.push(b'E');
            out.extend_from_slice(itoa::Buffer::new().format(exponent).as_bytes());
        }
    }
}

fn fraction(digits: &[u8], whole: usize) -> &[u8] {
    match digits.get(whole..) {
        Some(rest) if !rest.is_empty() => rest,
        _ => b"0",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn double(value: f64) -> String {
        let mut out = Vec::new();
        write_f64(&mut out, value);
        String::from_utf8(out).unwrap()
    }

    fn float(value: f32) -> String {
        let mut out = Vec::new();
        write_f32(&mut out, value);
        String::from_utf8(out).unwrap()
    }

    /// From the golden records and the documentation of `Double.toString`.
    #[test]
    fn doubles() {
        let cases = [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (-1.5, "-1.5"),
            (0.1, "0.1"),
            (0.01, "0.01"),
            (0.001, "0.001"),
            (0.00123, "0.00123"),
            (0.0001, "1.0E-4"),
            (100_000.0, "100000.0"),
            (9_999_999.0, "9999999.0"),
            (1e7, "1.0E7"),
            (1e10, "1.0E10"),
            (1e22, "1.0E22"),
            (123_456_789.123_456_79, "1.2345678912345679E8"),
            (1.797_693_134_862_315_7E308, "1.7976931348623157E308"),
            (-2.225_073_858_507_201_4E-308, "-2.2250738585072014E-308"),
            (1.004_999_995_231_628_4, "1.0049999952316284"),
            (f64::from_bits(1), "4.9E-324"),
            (f64::from_bits(4), "2.0E-323"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ];
        for (value, expected) in cases {
            assert_eq!(double(value), expected);
        }
    }

    #[test]
    fn floats() {
        let cases = [
            (1.1_f32, "1.1"),
            (-3.40282e38, "-3.40282E38"),
            (1.17549e-38, "1.17549E-38"),
            (16_777_216.0, "1.6777216E7"),
            (f32::MAX, "3.4028235E38"),
            (f32::from_bits(1), "1.4E-45"),
            (f32::INFINITY, "Infinity"),
        ];
        for (value, expected) in cases {
            assert_eq!(float(value), expected);
        }
    }
}
