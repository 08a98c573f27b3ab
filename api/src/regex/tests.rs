//! Expectations follow the `java.util.regex` documentation (`Pattern`,
//! `Matcher`) and Kafka's `RegexRouterTest`.

use super::*;

fn matches(pattern: &str, text: &str) -> bool {
    JavaRegex::new(pattern).unwrap().matches(text).unwrap()
}

fn replaced(pattern: &str, replacement: &str, text: &str) -> String {
    let regex = JavaRegex::new(pattern).unwrap();
    let replacement = regex.replacement(replacement).unwrap();
    regex.replace_first(text, &replacement).unwrap().unwrap()
}

#[test]
fn whole_text_must_match() {
    let cases = [
        ("a|ab", "ab", true),
        ("a|ab", "abc", false),
        (r"inventory\.book", "inventory.book", true),
        (r"inventory\.book", "inventoryxbook", false),
        ("inventory.*", "inventory.customers", true),
        ("^orig$", "orig", true),
        ("orig$", "orig\n", false),
        ("orig$\n", "orig\n", true),
        ("(?i)ABC", "abc", true),
        ("a(?i)b", "aB", true),
        ("a(?i)b", "AB", false),
        ("(?i:a)b", "Ab", true),
        ("(?i:a)b", "AB", false),
        ("(?-i:a)b", "Ab", false),
        ("(?s)a.b", "a\nb", true),
        ("a.b", "a\nb", false),
        ("a.b", "a\u{2028}b", false),
        ("(?d)a.b", "a\rb", true),
        ("(?s:a.)b.", "a\nb\n", false),
        ("(?x) a b # comment ) \n c", "abc", true),
        ("(?m)a$\n^b", "a\nb", true),
    ];
    for (pattern, text, expected) in cases {
        assert_eq!(matches(pattern, text), expected, "{pattern} on {text:?}");
    }
}

#[test]
fn ignoring_case_applies_to_all_alternatives() {
    let regex = JavaRegex::ignoring_case("Inventory|orders").unwrap();
    assert!(regex.matches("INVENTORY").unwrap());
    assert!(regex.matches("Orders").unwrap());
}

#[test]
fn look_around_references_and_possessive() {
    let cases = [
        ("(?!sys).*", "inventory", true),
        ("(?!sys).*", "sys.a", false),
        ("(?!sys|mysql)[a-z]+", "mysqlx", false),
        (".*(?<!_tmp)", "a_tmp", false),
        (".*(?<!_tmp)", "a_perm", true),
        ("(?=a)ab", "ab", true),
        ("(?<=a)b", "ab", false),
        (r"(a|b)\1", "aa", true),
        (r"(a|b)\1", "ab", false),
        (r"(?<c>a|b)\k<c>", "bb", true),
        (r"(a)\11", "aa1", true),
        ("a++a", "aaa", false),
        ("a*+b", "aaab", true),
        ("a?+a", "a", false),
        ("(?:ab){2}+", "abab", true),
        ("(?>a*)a", "aaa", false),
        ("a{2,3}?", "aaa", true),
        ("a{2,}", "a", false),
    ];
    for (pattern, text, expected) in cases {
        assert_eq!(matches(pattern, text), expected, "{pattern} on {text:?}");
    }
}

#[test]
fn characters_and_classes() {
    let cases = [
        (r"\d+", "12", true),
        (r"\d", "\u{0663}", false),
        (r"(?U)\d", "\u{0663}", true),
        (r"\w+", "a_9", true),
        (r"\w", "é", false),
        (r"\s\S", " a", true),
        (r"\h", "\u{a0}", true),
        (r"\H", "\t", false),
        (r"\v", "\u{85}", true),
        (r"\p{Alpha}+", "abC", true),
        (r"\p{Alpha}", "é", false),
        (r"\p{L}", "é", true),
        (r"\pL", "é", true),
        (r"\P{Alpha}", "1", true),
        (r"\p{IsLatin}", "é", true),
        (r"\p{IsAlphabetic}", "é", true),
        (r"\p{Punct}+", "[]{}~!`", true),
        (r"\p{javaLowerCase}", "a", true),
        (r"[a-z&&[^aeiou]]", "b", true),
        (r"[a-z&&[^aeiou]]", "a", false),
        ("[a-d[m-p]]", "n", true),
        ("[a-z&&[def]]", "e", true),
        ("[a-z&&[def]]", "a", false),
        (r"[\w.-]+", "a.b-c_1", true),
        ("[^.]+", "a.b", false),
        ("[a-]", "-", true),
        ("[]a]", "]", true),
        (r"[\[\]]", "[", true),
        (r"[+--]", ",", true),
        ("[~a~~]", "~", true),
        (r"\Qa.b\E+", "a.bb", true),
        (r"\Qa.b", "a.b", true),
        (r"[\Q^-]\E]", "]", true),
        (r"\x41\x{42}\u0043\0104", "ABCD", true),
        (r"\uD83D\uDE00", "😀", true),
        (r"\cA", "\x01", true),
        (r"\t\e\a\f", "\t\x1b\x07\x0c", true),
        (r"\.\$\{\-\_", ".${-_", true),
        (r"a\Rb", "a\r\nb", true),
        (r"a\b.\Bb", "a-b", false),
        (r"a\b-\bb", "a-b", true),
    ];
    for (pattern, text, expected) in cases {
        assert_eq!(matches(pattern, text), expected, "{pattern} on {text:?}");
    }
}

#[test]
fn replacements() {
    let cases = [
        // RegexRouterTest: staticReplacement, doesntMatch…, identity, addPrefix, addSuffix, slice.
        (".*", "bar", "foo", "bar"),
        ("(.*)", "$1", "orig", "orig"),
        ("(.+)", "prefix-$1", "orig", "prefix-orig"),
        ("(.+)", "$1-suffix", "orig", "orig-suffix"),
        (r"(.*)-(\d\d\d\d\d\d\d\d)", "$1", "index-20160117", "index"),
        (
            r"([^.]+)\.([^.]+)\.([^.]+)",
            "dc01_$3",
            "dbserver1.inventory.customers",
            "dc01_customers",
        ),
        (r"(?<db>\w+)\.(?<t>\w+)", "${t}@${db}", "a.b", "b@a"),
        ("(a)(b)?", "[$1$2]", "a", "[a]"),
        ("(a)", "$10", "a", "a0"),
        ("a", r"\$1\\", "a", r"$1\"),
        ("a", "$0$0", "a", "aa"),
        // matches() sees the whole text, replaceFirst the first match.
        ("a|ab", "x", "ab", "xb"),
    ];
    for (pattern, replacement, text, expected) in cases {
        assert_eq!(
            replaced(pattern, replacement, text),
            expected,
            "{pattern} -> {replacement} on {text}"
        );
    }
}

#[test]
fn bad_patterns_say_why() {
    let cases = [
        ("(a", "Unclosed group"),
        ("a)", "Unmatched closing ')'"),
        ("*a", "Dangling meta character '*'"),
        ("a**", "Dangling meta character '*'"),
        ("[a", "Unclosed character class"),
        ("a{,3}", "Illegal repetition"),
        ("{", "Illegal repetition"),
        (r"\y", "Illegal/unsupported escape sequence"),
        (r"\X", r"\X of Java's syntax is not supported"),
        (
            r"\p{InGreek}",
            r"\p{InGreek} of Java's syntax is not supported",
        ),
        (
            r"\N{DIGIT ONE}",
            r"\N{name} of Java's syntax is not supported",
        ),
        (r"(a)\2", "there is no group 2"),
        (r"\k<x>", "named capturing group <x> does not exist"),
        ("(?<a_b>x)", "'a_b' is no group name"),
        ("(?z)", "Unknown inline modifier 'z'"),
        ("[z-a]", "Illegal character range"),
        ("a\\", "at the end"),
    ];
    for (pattern, reason) in cases {
        let error = JavaRegex::new(pattern).unwrap_err().to_string();
        assert!(error.contains(reason), "{pattern}: {error}");
        assert!(
            error.contains(&format!("'{pattern}'")),
            "{pattern}: {error}"
        );
    }
}

#[test]
fn bad_replacements_say_why() {
    let regex = JavaRegex::new("(a)").unwrap();
    let cases = [
        ("$2", "No group 2"),
        ("$", "Illegal group reference"),
        ("$x", "Illegal group reference"),
        ("${x}", "No group with name {x}"),
        ("${x", "missing trailing '}'"),
        (r"a\", "character to be escaped is missing"),
    ];
    for (replacement, reason) in cases {
        let error = regex.replacement(replacement).unwrap_err().to_string();
        assert!(error.contains(reason), "{replacement}: {error}");
    }
}
