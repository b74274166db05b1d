//! Of the waiting messages with one key only the newest remains.

use super::*;

conformance! {
    of ordered queues;

    async fn a_waiting_message_is_replaced_by_a_newer_one_with_its_key(queue: Arc<dyn Queue>, _lease: Duration) {
        queue.send_batch(vec![compile("a", 1, Lane::Normal), normal("b")]).await.unwrap();
        queue.send(compile("a", 2, Lane::Normal)).await.unwrap();
        assert_eq!(queue.depths().await.unwrap()[&NORMAL].waiting, 2);
        // In its place: a node that changes all the time must not wait for ever.
        let got = queue.receive(&[NORMAL], 10, NOW).await.unwrap();
        assert_eq!(got.iter().map(of).collect::<Vec<_>>(), [("a", 2), ("b", 1)]);
    }

    async fn a_message_in_work_is_not_replaced(queue: Arc<dyn Queue>, _lease: Duration) {
        queue.send(compile("a", 1, Lane::Normal)).await.unwrap();
        let working = receive(&*queue, &[NORMAL], NOW).await.unwrap();
        queue.send(compile("a", 2, Lane::Normal)).await.unwrap();
        let newer = receive(&*queue, &[NORMAL], NOW).await.unwrap();
        assert_eq!(of(&newer), ("a", 2));
        queue.ack(&working.receipt).await.unwrap();
        assert_eq!(queue.depths().await.unwrap()[&NORMAL].leased, 1);
    }

    async fn a_failed_message_gives_way_to_a_newer_one_that_waits(queue: Arc<dyn Queue>, lease: Duration) {
        queue.send(compile("a", 1, Lane::Normal)).await.unwrap();
        let working = receive(&*queue, &[NORMAL], NOW).await.unwrap();
        queue.send(compile("a", 2, Lane::Normal)).await.unwrap();
        queue.release(&working.receipt, lease / 2, "no").await.unwrap();
        assert_eq!(queue.depths().await.unwrap()[&NORMAL].open(), 1);
        assert_eq!(of(&receive(&*queue, &[NORMAL], NOW).await.unwrap()), ("a", 2));
    }

    async fn a_delayed_message_is_replaced_and_comes_at_once(queue: Arc<dyn Queue>, lease: Duration) {
        queue.send(compile("a", 1, Lane::Normal)).await.unwrap();
        let working = receive(&*queue, &[NORMAL], NOW).await.unwrap();
        queue.release(&working.receipt, lease * 2, "no").await.unwrap();
        queue.send(compile("a", 2, Lane::Normal)).await.unwrap();
        let newer = receive(&*queue, &[NORMAL], NOW).await.unwrap();
        assert_eq!((of(&newer), newer.attempt), (("a", 2), 1));
        queue.ack(&newer.receipt).await.unwrap();
        assert_eq!(receive(&*queue, &[NORMAL], lease * 2).await, None);
    }

    async fn a_message_whose_lease_ran_out_is_replaced(queue: Arc<dyn Queue>, lease: Duration) {
        queue.send(compile("a", 1, Lane::Normal)).await.unwrap();
        let lost = receive(&*queue, &[NORMAL], NOW).await.unwrap();
        tokio::time::sleep(lease * 5 / 4).await;
        queue.send(compile("a", 2, Lane::Normal)).await.unwrap();
        let newer = receive(&*queue, &[NORMAL], NOW).await.unwrap();
        assert_eq!((of(&newer), newer.attempt), (("a", 2), 1));
        queue.ack(&lost.receipt).await.unwrap();
        assert_eq!(queue.depths().await.unwrap()[&NORMAL].leased, 1);
    }
}
