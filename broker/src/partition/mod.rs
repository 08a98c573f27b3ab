//! A log with what Kafka promises of it: idempotence, transactions, and readers that wait.
