//! Workers of one group: what each fault, each change and each request does to thirty connectors
//! with traffic. After each, everything runs exactly once and nothing is lost; times are printed.

mod broker;
mod changes;
mod cut;
mod delay;
mod leave;
mod lost;
mod mysql;
mod overruled;
mod random;
mod rest;
mod rolling;
mod scale;
mod scene;
mod sleep;
mod statuses;
mod unknown;
