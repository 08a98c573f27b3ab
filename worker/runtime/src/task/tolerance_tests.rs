use super::*;

struct Seventh;

impl FailedRecord for Seventh {
    fn locate(&self, error: Error) -> Error {
        error.with("topic", "t").with("offset", 7)
    }

    fn describe(&self) -> Option<String> {
        None
    }
}

fn tolerance(retry: Option<u64>, tolerate_all: bool) -> Tolerance {
    Tolerance::new(
        ErrorSettings {
            retry_timeout: retry.map(Duration::from_millis),
            retry_delay_max: Duration::from_millis(1000),
            tolerate_all,
            log: false,
            log_messages: false,
        },
        ConnectorTaskId::new("c", 0),
        Arc::default(),
    )
}

fn judge(tolerance: &Tolerance, error: Error, attempts: u32) -> Verdict {
    let failure = Failure {
        stage: Stage::ValueConverter,
        class: "a.Converter".to_owned(),
        error,
    };
    tolerance.judge(failure, Instant::now(), attempts, &Seventh)
}

#[test]
fn without_tolerance_the_trace_names_stage_and_record() {
    let verdict = judge(&tolerance(Some(0), false), Error::data("too odd"), 1);
    let Verdict::Fail(error) = verdict else {
        panic!("{verdict:?}");
    };
    assert_eq!(
        error.trace(),
        "Tolerance exceeded in error handler (stage: VALUE_CONVERTER, class: a.Converter, \
         topic: t, offset: 7)\n\
         Caused by: too odd"
    );
}

#[test]
fn with_tolerance_the_record_is_skipped_and_counted() {
    let tolerance = tolerance(Some(0), true);
    let verdict = judge(&tolerance, Error::data("too odd"), 1);
    assert!(matches!(verdict, Verdict::Skip), "{verdict:?}");
    assert_eq!(tolerance.metrics.records_skipped.get(), 1);
    assert_eq!(tolerance.metrics.record_failures.get(), 1);
}

#[test]
fn only_passing_faults_are_tried_again_and_pauses_double_to_the_limit() {
    let patient = tolerance(None, false);
    let verdict = judge(&patient, Error::data("too odd"), 1);
    assert!(matches!(verdict, Verdict::Fail(_)), "{verdict:?}");
    for (attempts, expected) in [
        (1, 300..=300),
        (2, 600..=600),
        (3, 500..=1000),
        (40, 500..=1000),
    ] {
        let verdict = judge(&patient, Error::retriable("away"), attempts);
        let Verdict::Retry(delay) = verdict else {
            panic!("{verdict:?}");
        };
        assert!(
            expected.contains(&delay.as_millis()),
            "{attempts}: {delay:?}"
        );
    }
}

#[test]
fn no_pause_goes_beyond_the_retry_timeout() {
    let verdict = judge(&tolerance(Some(100), false), Error::retriable("away"), 1);
    let Verdict::Retry(delay) = verdict else {
        panic!("{verdict:?}");
    };
    assert!(delay <= Duration::from_millis(100), "{delay:?}");
    let verdict = judge(&tolerance(Some(0), false), Error::retriable("away"), 1);
    assert!(matches!(verdict, Verdict::Fail(_)), "{verdict:?}");
}
