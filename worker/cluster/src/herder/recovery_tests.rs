use super::*;

const TASK: Part = Part::Task(0);

fn policy(more: &[(&str, &str)]) -> RestartPolicy {
    let usual = [
        ("errors.restart.policy", "retriable"),
        ("errors.restart.delay.ms", "1000"),
        ("errors.restart.delay.max.ms", "8000"),
        ("errors.restart.max.attempts", "3"),
        ("errors.restart.reset.ms", "60000"),
    ];
    let props: Props = usual
        .iter()
        .chain(more)
        .map(|&(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    RestartPolicy::parse(&props).unwrap().unwrap()
}

/// A run of a task, as the worker would have it.
struct Scene {
    recovery: Recovery,
    failure: watch::Sender<Option<RunFailure>>,
}

impl Scene {
    fn new(policy: RestartPolicy) -> Self {
        let mut scene = Self {
            recovery: Recovery::default(),
            failure: watch::Sender::new(None),
        };
        scene.start(policy, 0);
        scene
    }

    fn start(&mut self, policy: RestartPolicy, attempts: u32) {
        self.failure = watch::Sender::new(None);
        let failures = self.failure.subscribe();
        self.recovery.watch(TASK, attempts, policy, failures);
    }

    /// The task fails; the last line of its status.
    async fn fail(&mut self, error: Error) -> String {
        self.failure.send_replace(Some(RunFailure::from(&error)));
        let failed = self.recovery.failed().await;
        let (part, text) = self.recovery.note(failed, TargetState::Started).unwrap();
        assert_eq!(part, TASK);
        assert!(text.starts_with(&error.trace()), "{text}");
        text.lines().last().unwrap().to_owned()
    }

    /// Waits for the restart that is due; after how long, and its number.
    async fn restart(&mut self) -> (Duration, u32) {
        let before = Instant::now();
        let due = self.recovery.due().unwrap();
        tokio::time::sleep_until(due - Duration::from_millis(1)).await;
        assert_eq!(self.recovery.take_due(), None, "not before it is due");
        tokio::time::sleep_until(due).await;
        let (part, attempt) = self.recovery.take_due().unwrap();
        assert_eq!((part, self.recovery.due()), (TASK, None));
        (before.elapsed(), attempt)
    }
}

fn away() -> Error {
    Error::retriable("connection refused").while_doing("starting the task")
}

#[tokio::test(start_paused = true)]
async fn restarts_follow_at_longer_and_longer_intervals_until_there_were_enough() {
    let mut scene = Scene::new(policy(&[]));
    for (attempt, seconds) in [(1, 1), (2, 2), (3, 4)] {
        let line = scene.fail(away()).await;
        let end = format!("Z (attempt {attempt} of 3)");
        assert!(
            line.starts_with("Restarts by itself at 2") && line.ends_with(&end),
            "{line}"
        );
        let due = scene.restart().await;
        assert_eq!(due, (Duration::from_secs(seconds), attempt));
        scene.start(policy(&[]), attempt);
    }
    assert_eq!(
        scene.fail(away()).await,
        "Does not restart by itself any more: errors.restart.max.attempts=3 restarts did not help"
    );
    assert_eq!(scene.recovery.due(), None);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_lasted_makes_the_next_failure_the_first() {
    for (seconds, expected) in [(59, 3), (60, 1)] {
        let mut scene = Scene::new(policy(&[]));
        scene.start(policy(&[]), 2);
        tokio::time::advance(Duration::from_secs(seconds)).await;
        scene.fail(away()).await;
        assert_eq!(scene.restart().await.1, expected, "after {seconds} s");
    }
}

#[tokio::test(start_paused = true)]
async fn what_does_not_pass_is_restarted_only_where_that_is_wanted() {
    let mut scene = Scene::new(policy(&[]));
    let line = scene.fail(Error::data("too odd")).await;
    assert!(
        line.starts_with("Does not restart by itself: the cause does not pass"),
        "{line}"
    );
    assert_eq!(scene.recovery.due(), None);

    let always = [
        ("errors.restart.policy", "always"),
        ("errors.restart.max.attempts", "-1"),
    ];
    let mut scene = Scene::new(policy(&always));
    scene.start(policy(&always), 999);
    let line = scene.fail(Error::data("too odd")).await;
    assert!(line.ends_with("Z (attempt 1000)"), "{line}");
    let (delay, _) = scene.restart().await;
    assert!((4000..=8000).contains(&delay.as_millis()), "{delay:?}");
}

#[tokio::test(start_paused = true)]
async fn a_pause_holds_restarts_up_and_a_stop_forgets_them() {
    let mut scene = Scene::new(policy(&[]));
    scene.start(policy(&[]), 1);
    scene.fail(away()).await;
    let told = scene.recovery.follow(TargetState::Paused);
    assert_eq!(
        told,
        [(
            TASK,
            "starting the task\nCaused by: connection refused\n\
             Restarts by itself once the connector is resumed"
                .to_owned()
        )]
    );
    assert_eq!(scene.recovery.due(), None);
    let told = scene.recovery.follow(TargetState::Started);
    assert!(told[0].1.ends_with("Z (attempt 1 of 3)"), "{told:?}");
    assert_eq!(scene.restart().await.1, 1);

    assert_eq!(scene.recovery.follow(TargetState::Stopped), []);
    assert_eq!(scene.recovery.due(), None);
    assert_eq!(scene.recovery.follow(TargetState::Started), []);
    assert_eq!(scene.recovery.due(), None);
}

#[tokio::test(start_paused = true)]
async fn the_failure_of_a_run_that_was_replaced_counts_no_more() {
    let mut scene = Scene::new(policy(&[]));
    let gone = RunFailure::from(&away());
    scene.failure.send_replace(Some(gone));
    let late = scene.recovery.failed().await;
    scene.start(policy(&[]), 0);
    assert_eq!(scene.recovery.note(late, TargetState::Started), None);
    assert_eq!(scene.recovery.due(), None);

    scene.fail(away()).await;
    scene.recovery.forget(TASK);
    assert_eq!(scene.recovery.due(), None);
    assert_eq!(scene.recovery.take_due(), None);
}

#[tokio::test(start_paused = true)]
async fn without_a_lease_what_is_due_waits() {
    let mut scene = Scene::new(policy(&[]));
    scene.fail(away()).await;
    tokio::time::sleep_until(scene.recovery.due().unwrap()).await;
    scene.recovery.postpone(WITHOUT_LEASE);
    assert_eq!(scene.restart().await, (WITHOUT_LEASE, 1));
}
