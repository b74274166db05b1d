//! Order, and what waits can be looked at.

use super::*;
use crate::Standing;

conformance! {
    of ordered queues;

    async fn messages_come_in_the_order_of_sending(queue: Arc<dyn Queue>, _lease: Duration) {
        let messages = ["a", "b", "c"].map(normal);
        queue.send_batch(messages.to_vec()).await.unwrap();
        queue.send(normal("d")).await.unwrap();
        let got = queue.receive(&[NORMAL], 10, NOW).await.unwrap();
        assert_eq!(got.iter().map(|it| of(it).0).collect::<Vec<_>>(), ["a", "b", "c", "d"]);
    }

    async fn what_waits_and_why_it_failed_is_listed(queue: Arc<dyn Queue>, lease: Duration) {
        queue.send(normal("a")).await.unwrap();
        let first = receive(&*queue, &[NORMAL], NOW).await.unwrap();
        queue.release(&first.receipt, lease / 6, "store down").await.unwrap();
        assert_eq!(queue.depths().await.unwrap()[&NORMAL].delayed, 1);
        receive(&*queue, &[NORMAL], lease).await.unwrap();
        let listed = queue.list(NORMAL, 10).await.unwrap();
        assert_eq!(listed[0].last_error.as_deref(), Some("store down"));
        assert_eq!(listed[0].standing, Standing::Leased);
    }
}
