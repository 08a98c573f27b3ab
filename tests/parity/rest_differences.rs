//! Where our REST API answers otherwise than the recorded one, by the exchange's number. All
//! kinds of differences stand in docs/compatibility.md too.

/// Exchanges that are not made, because their plugins do not exist here yet.
pub(crate) const LEFT_OUT: &[(u64, &str)] = &[
    (59, "a sink"),
    (60, "a sink"),
    (160, "a sink"),
    (161, "a sink"),
    (162, "a sink"),
    (163, "a sink"),
    (184, "a sink"),
    (185, "a sink"),
    (186, "a sink"),
    (187, "a sink"),
    (188, "a sink"),
    (189, "a sink"),
    (190, "a sink"),
    (191, "a sink"),
    (192, "a sink"),
    (193, "a sink"),
    (201, "a sink's plugin"),
    (213, "a sink"),
    (238, "a sink"),
];

/// Connectors of exchanges that are left out.
pub(crate) const LEFT_OUT_CONNECTORS: &[&str] = &["sink", "failing"];

/// Another answer than the recorded one, on purpose.
#[derive(Debug)]
pub(crate) struct Other {
    pub(crate) exchange: u64,
    pub(crate) status: u16,
    /// What our body has in it.
    pub(crate) body: &'static str,
    #[expect(dead_code, reason = "for who reads the list")]
    pub(crate) reason: &'static str,
}

pub(crate) const OTHER: &[Other] = &[];
