//! How do events carry an id without a logger passed through every function?
use std::thread;

use trine::{info, scope};

fn main() {
    let workers = ["req_1", "req_2"].map(|request_id| thread::spawn(move || handle(request_id)));
    workers.into_iter().for_each(|worker| worker.join().expect("the worker does not panic"));
    info!("server_stop_completed"); // No request_id: the scopes were those of other threads.
}

fn handle(request_id: &str) {
    // Until the guard is dropped, at the end of this function, every event of this thread carries the field.
    let _request = scope!(request_id);
    info!("request_handle_started");
    query("users");
    info!("request_handle_completed");
}

fn query(table: &str) {
    let _table = scope!(table); // Scopes nest: these events carry both.
    info!("database_query_completed", rows_returned = 10);
}
