//! The topics: their partitions, ids and configurations, kept in the data folder.
