//! One group of JVM workers and ours: either leads, either runs what the other planned, and a cluster
//! moves over worker by worker and back (invariant 7).

mod embedded;
mod move_over;
mod protocols;
mod scene;
mod shared;
mod traffic;
mod unknown;
