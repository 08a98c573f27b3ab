//! A behaviour on both brokers, and what differs.

use serde_json::Value;

use crate::target::Target;

/// Declares tests: each runs the behaviour of its name on both brokers and compares.
macro_rules! behaviours {
    ($($name:ident),+ $(,)?) => {
        mod on_both {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    let _turn = connectd_harness::beside_others().await;
                    $crate::compare::compare(async |target| super::$name(target).await).await;
                }
            )+
        }
    };
}
pub(crate) use behaviours;

/// Runs a behaviour on both and compares what was observed.
///
/// # Panics
/// If there is a difference, or nothing was observed.
pub(crate) async fn compare(behaviour: impl AsyncFn(&Target) -> Value) {
    let real = Target::real();
    let ours = Target::ours();
    let (on_real, on_ours) = tokio::join!(behaviour(&real), behaviour(&ours));
    check(&real, &on_real, &ours, &on_ours);
}

/// Compares two observations.
///
/// # Panics
/// If there is a difference, or nothing was observed.
pub(crate) fn check(real: &Target, on_real: &Value, ours: &Target, on_ours: &Value) {
    let (on_real, on_ours) = (masked(real, on_real), masked(ours, on_ours));
    let empty = on_real.as_object().is_none_or(serde_json::Map::is_empty);
    assert!(!empty, "nothing was observed");
    let mut differences = Vec::new();
    collect("", &on_real, &on_ours, &mut differences);
    assert!(
        differences.is_empty(),
        "{} and {} differ:\n{}",
        real.name,
        ours.name,
        differences.join("\n")
    );
}

fn masked(target: &Target, observed: &Value) -> Value {
    let text = target.mask(&observed.to_string());
    serde_json::from_str(&text).expect("still JSON")
}

fn collect(path: &str, real: &Value, ours: &Value, differences: &mut Vec<String>) {
    match (real, ours) {
        (Value::Object(real), Value::Object(ours)) => {
            let mut keys: Vec<&String> = real.keys().chain(ours.keys()).collect();
            keys.sort();
            keys.dedup();
            for key in keys {
                let side = |side: &serde_json::Map<String, Value>| side.get(key).cloned();
                let (real, ours) = (side(real), side(ours));
                let (real, ours) = (real.unwrap_or_default(), ours.unwrap_or_default());
                collect(&format!("{path}/{key}"), &real, &ours, differences);
            }
        }
        (Value::Array(real), Value::Array(ours)) if real.len() == ours.len() => {
            for (index, (real, ours)) in real.iter().zip(ours).enumerate() {
                collect(&format!("{path}/{index}"), real, ours, differences);
            }
        }
        _ if real == ours => {}
        _ => differences.push(format!("{path}: {real} there, {ours} here")),
    }
}
