//! What is answered to each request.
