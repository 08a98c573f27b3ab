//! Connect's `Decimal`: unscaled big-endian two's complement, and a scale.

/// Appends the plain text (`BigDecimal.toPlainString`) of `unscaled` / 10^`scale`.
pub(crate) fn append(out: &mut Vec<u8>, unscaled: &[u8], scale: i32) {
    let negative = unscaled.first().is_some_and(|byte| byte & 0x80 != 0);
    let mut buffer = itoa::Buffer::new();
    let large;
    let digits = if unscaled.len() <= 16 {
        let mut bytes = [if negative { 0xff } else { 0 }; 16];
        bytes[16 - unscaled.len()..].copy_from_slice(unscaled);
        buffer.format(i128::from_be_bytes(bytes).unsigned_abs())
    } else {
        large = large_digits(unscaled, negative);
        &large
    };
    if negative {
        out.push(b'-');
    }
    let digits = digits.as_bytes();
    if scale <= 0 {
        out.extend_from_slice(digits);
        if digits != b"0" {
            out.resize(out.len() + scale.unsigned_abs() as usize, b'0');
        }
        return;
    }
    let scale = scale as usize;
    if digits.len() > scale {
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        out.extend_from_slice(whole);
        out.push(b'.');
        out.extend_from_slice(fraction);
    } else {
        out.extend_from_slice(b"0.");
        out.resize(out.len() + scale - digits.len(), b'0');
        out.extend_from_slice(digits);
    }
}

/// The decimal digits of a number of any length, without its sign.
fn large_digits(bytes: &[u8], negative: bool) -> String {
    const LIMB: u64 = 1_000_000_000;
    let mut limbs: Vec<u64> = vec![0];
    let mut multiply_add = |byte: u8| {
        let mut carry = u64::from(byte);
        for limb in &mut limbs {
            let value = *limb * 256 + carry;
            *limb = value % LIMB;
            carry = value / LIMB;
        }
        if carry > 0 {
            limbs.push(carry);
        }
    };
    if negative {
        // The magnitude is the complement and one.
        let mut magnitude: Vec<u8> = bytes.iter().map(|byte| !byte).collect();
        for byte in magnitude.iter_mut().rev() {
            let (sum, overflow) = byte.overflowing_add(1);
            *byte = sum;
            if !overflow {
                break;
            }
        }
        magnitude.iter().for_each(|&byte| multiply_add(byte));
    } else {
        bytes.iter().for_each(|&byte| multiply_add(byte));
    }
    let mut text = String::new();
    for (position, limb) in limbs.iter().rev().enumerate() {
        let digits = if position == 0 {
            limb.to_string()
        } else {
            format!("{limb:09}")
        };
        text.push_str(&digits);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(unscaled: &[u8], scale: i32) -> String {
        let mut out = Vec::new();
        append(&mut out, unscaled, scale);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn plain_texts() {
        assert_eq!(text(&[0x04, 0xd2], 2), "12.34");
        assert_eq!(text(&[0xfb, 0x2e], 2), "-12.34");
        assert_eq!(text(&[1], 3), "0.001");
        assert_eq!(text(&[0xff], 0), "-1");
        assert_eq!(text(&[0x0c], -2), "1200");
        assert_eq!(text(&[0], -2), "0");
        assert_eq!(text(&[], 0), "0");
    }

    #[test]
    fn numbers_beyond_128_bits() {
        // 2^136 and its negative, as `BigInteger.toByteArray` gives them.
        let mut positive = vec![1];
        positive.extend([0; 17]);
        assert_eq!(
            text(&positive, 0),
            "87112285931760246646623899502532662132736"
        );
        let mut negative = vec![0xff];
        negative.extend([0; 17]);
        assert_eq!(
            text(&negative, 2),
            "-871122859317602466466238995025326621327.36"
        );
    }
}
