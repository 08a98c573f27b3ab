//! Accounts that lack a right.

use connectd_harness::{MySql, Worker, beside_others, wait_for_records};

use super::{assert_names, database, topic};
use crate::common::{mysql_source, worker};

/// What a POST or the task says about an account with these rights only.
async fn refusal(worker: &Worker, mysql: &MySql, name: &str, rights: &str) -> String {
    mysql
        .run(&format!(
            "DROP USER IF EXISTS '{name}'@'%';
             CREATE USER '{name}'@'%' IDENTIFIED WITH mysql_native_password BY 'pw';
             {rights}"
        ))
        .await;
    let account = [("database.user", name), ("database.password", "pw")];
    let body = mysql_source(mysql, name, &account).to_string();
    let answer = worker.rest.send("POST", "/connectors", Some(&body)).await;
    if answer.status == 400 {
        return answer.text;
    }
    assert_eq!(answer.status, 201, "{}", answer.text);
    let status = worker.rest.wait_for_task(name, "FAILED").await;
    status["tasks"][0]["trace"].to_string()
}

#[tokio::test]
async fn a_missing_right_is_named_with_its_grant() {
    let _turn = beside_others().await;
    let (mysql, worker) = (MySql::plain(), worker().await);
    let cases = [
        (
            "REPLICATION CLIENT, SELECT, RELOAD, LOCK TABLES",
            "REPLICATION SLAVE",
        ),
        (
            "REPLICATION SLAVE, SELECT, RELOAD, LOCK TABLES",
            "REPLICATION CLIENT",
        ),
        (
            "REPLICATION SLAVE, REPLICATION CLIENT, SELECT",
            "LOCK TABLES",
        ),
        (
            "REPLICATION SLAVE, REPLICATION CLIENT, RELOAD, SHOW DATABASES",
            "SELECT",
        ),
    ];
    for (rights, missing) in cases {
        let name = database(&mysql).await;
        let rights = format!("GRANT {rights} ON *.* TO '{name}'@'%'");
        let text = refusal(&worker, &mysql, &name, &rights).await;
        assert_names(&text, &[missing, "GRANT", &name]);
        // With the right, the rows come.
        mysql
            .run(&format!(
                "GRANT SELECT, RELOAD, LOCK TABLES, SHOW DATABASES, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO '{name}'@'%'"
            ))
            .await;
        let account = [
            ("database.user", name.as_str()),
            ("database.password", "pw"),
        ];
        let config = mysql_source(&mysql, &name, &account)["config"].to_string();
        let path = format!("/connectors/{name}/config");
        let answer = worker.rest.send("PUT", &path, Some(&config)).await;
        assert!(matches!(answer.status, 200 | 201), "{}", answer.text);
        worker
            .rest
            .send(
                "POST",
                &format!("/connectors/{name}/restart?includeTasks=true"),
                None,
            )
            .await;
        wait_for_records(&topic(&name), 2).await;
        worker
            .rest
            .send("DELETE", &format!("/connectors/{name}"), None)
            .await;
        mysql
            .run(&format!("DROP DATABASE {name}; DROP USER '{name}'@'%'"))
            .await;
    }
}
