mod golden;
mod properties;
mod simulation;
mod unit;
