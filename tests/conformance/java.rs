//! Kafka's own client: `java/` is a program of its behaviours, which is compiled and run with the
//! jars and the Java that `tests/services` has installed.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use connectd_harness::{Proxy, beside_others};
use serde_json::Value;
use tokio::process::Command;

use crate::compare::check;
use crate::target::Target;

/// Kafka's own client sees the same: records of all compressions, idempotence, transactions, groups of all
/// assignors whose members die and come back, and what an administrator does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kafkas_own_client_sees_the_same() {
    let _turn = beside_others().await;
    let java = Java::installed().await;
    let classes = tempfile::tempdir().expect("a folder");
    java.compile(classes.path()).await;
    let (real, ours) = (Target::real(), Target::ours());
    let (on_real, on_ours) = tokio::join!(
        observe(&java, classes.path(), &real),
        observe(&java, classes.path(), &ours)
    );
    check(&real, &on_real, &ours, &on_ours);
}

async fn observe(java: &Java, classes: &Path, target: &Target) -> Value {
    let upstream = target.bootstrap.parse().expect("an address");
    let mut proxy = Proxy::of_broker(upstream).await;
    let cut = format!("-Dcut={}", proxy.address());
    let mut command = java.command(&[&cut], Some(classes), "Main");
    command.args([&target.bootstrap, &target.unique("java")]);
    let output = tokio::select! {
        output = command.stdin(Stdio::null()).output() => output,
        never = cut_now_and_then(&mut proxy) => never,
    };
    let output = output.expect("a JVM");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "on {}: {said}", target.name);
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Requests and answers are lost each time.
async fn cut_now_and_then(proxy: &mut Proxy) -> ! {
    loop {
        tokio::time::sleep(Duration::from_millis(200)).await;
        proxy.hold();
        tokio::time::sleep(Duration::from_millis(30)).await;
        proxy.cut().await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        proxy.heal().await;
    }
}

/// A Java, and the jars of Kafka.
pub(crate) struct Java {
    program: PathBuf,
    jars: String,
}

impl Java {
    /// Those that `tests/services` found or installed.
    pub(crate) async fn installed() -> Self {
        let services = Path::new(env!("CARGO_MANIFEST_DIR")).join("../services");
        let script = "source \"$0/common.sh\" && find_java && echo \"$SERVICES/dist/kafka/jars\"";
        let mut command = Command::new("bash");
        command.args(["-c", script]).arg(&services);
        let output = command.output().await.expect("a shell");
        let said = String::from_utf8(output.stdout).expect("text");
        let (program, jars) = said.trim_end().split_once('\n').expect("a Java");
        let jars = std::fs::read_dir(jars).expect("the jars of Kafka");
        let jars = jars.map(|jar| jar.expect("a jar").path().display().to_string());
        Self {
            program: program.into(),
            jars: jars.collect::<Vec<_>>().join(":"),
        }
    }

    /// A program of Kafka's jars, or of `classes`, by a JVM with more `options`.
    pub(crate) fn command(&self, options: &[&str], classes: Option<&Path>, class: &str) -> Command {
        let logging = Path::new(env!("CARGO_MANIFEST_DIR")).join("../services");
        let logging = logging.join("log4j2-tools.properties");
        let classes = classes.map_or(String::new(), |it| format!(":{}", it.display()));
        let mut command = Command::new(&self.program);
        command
            .args(["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m"])
            .args(options)
            .arg(format!("-Dlog4j2.configurationFile={}", logging.display()))
            .arg("-cp")
            .arg(format!("{}{classes}", self.jars))
            .arg(class)
            .kill_on_drop(true);
        command
    }

    /// The compiler is a module of every Debian JRE, without a program of its own there.
    async fn compile(&self, classes: &Path) {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/java");
        let sources = std::fs::read_dir(sources).expect("the sources");
        let mut command = Command::new(&self.program);
        command
            .args(["-m", "jdk.compiler/com.sun.tools.javac.Main", "-nowarn"])
            .args(["-cp", &self.jars, "-d"])
            .arg(classes)
            .args(sources.map(|source| source.expect("a source").path()));
        let output = command.output().await.expect("a compiler");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
    }
}
