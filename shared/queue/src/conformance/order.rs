//! Order, lanes, coalescing, waking up.

use super::*;

conformance! {
    async fn messages_come_in_the_order_of_sending_and_lanes_in_that_of_asking(queue: Arc<dyn Queue>) {
        queue.send_batch(vec![normal("a"), normal("b"), compile("c", 1, Lane::Urgent)]).await.unwrap();
        let got = queue.receive(&[URGENT, NORMAL], 10, NOW).await.unwrap();
        assert_eq!(got.iter().map(|it| of(it).0).collect::<Vec<_>>(), ["c", "a", "b"]);
    }

    async fn other_channels_are_left_alone(queue: Arc<dyn Queue>) {
        queue.send_batch(vec![normal("a"), upload("x")]).await.unwrap();
        assert_eq!(receive(&*queue, &[URGENT, Channel::Plans], NOW).await, None);
        let found = receive(&*queue, &[Channel::Uploads], NOW).await.unwrap();
        assert_eq!(found.message, upload("x"));
    }

    async fn a_waiting_message_is_replaced_by_a_newer_one_with_its_key(queue: Arc<dyn Queue>) {
        queue.send_batch(vec![compile("a", 1, Lane::Normal), normal("b")]).await.unwrap();
        queue.send(compile("a", 2, Lane::Normal)).await.unwrap();
        assert_eq!(queue.depths().await.unwrap()[&NORMAL].waiting, 2);
        // In its place: a node that changes all the time must not wait for ever.
        let got = queue.receive(&[NORMAL], 10, NOW).await.unwrap();
        assert_eq!(got.iter().map(of).collect::<Vec<_>>(), [("a", 2), ("b", 1)]);
    }

    async fn a_message_in_work_is_not_replaced(queue: Arc<dyn Queue>) {
        queue.send(compile("a", 1, Lane::Normal)).await.unwrap();
        let working = receive(&*queue, &[NORMAL], NOW).await.unwrap();
        queue.send(compile("a", 2, Lane::Normal)).await.unwrap();
        let newer = receive(&*queue, &[NORMAL], NOW).await.unwrap();
        assert_eq!(of(&newer), ("a", 2));
        queue.ack(&working.receipt).await.unwrap();
        assert_eq!(queue.depths().await.unwrap()[&NORMAL].leased, 1);
    }

    async fn a_failed_message_gives_way_to_a_newer_one_that_waits(queue: Arc<dyn Queue>) {
        queue.send(compile("a", 1, Lane::Normal)).await.unwrap();
        let working = receive(&*queue, &[NORMAL], NOW).await.unwrap();
        queue.send(compile("a", 2, Lane::Normal)).await.unwrap();
        queue.release(&working.receipt, Duration::from_secs(5), "no").await.unwrap();
        assert_eq!(queue.depths().await.unwrap()[&NORMAL].open(), 1);
        assert_eq!(of(&receive(&*queue, &[NORMAL], NOW).await.unwrap()), ("a", 2));
    }

    async fn a_delayed_message_is_replaced_and_comes_at_once(queue: Arc<dyn Queue>) {
        queue.send(compile("a", 1, Lane::Normal)).await.unwrap();
        let working = receive(&*queue, &[NORMAL], NOW).await.unwrap();
        queue.release(&working.receipt, Duration::from_secs(500), "no").await.unwrap();
        queue.send(compile("a", 2, Lane::Normal)).await.unwrap();
        let newer = receive(&*queue, &[NORMAL], NOW).await.unwrap();
        assert_eq!((of(&newer), newer.attempt), (("a", 2), 1));
        queue.ack(&newer.receipt).await.unwrap();
        assert_eq!(receive(&*queue, &[NORMAL], Duration::from_secs(600)).await, None);
    }

    async fn a_send_wakes_a_waiting_receiver(queue: Arc<dyn Queue>) {
        let waiting = {
            let queue = Arc::clone(&queue);
            tokio::spawn(async move { receive(&*queue, &[NORMAL], Duration::MAX).await })
        };
        tokio::time::sleep(Duration::from_secs(1)).await;
        let before = tokio::time::Instant::now();
        queue.send(normal("a")).await.unwrap();
        assert_eq!(of(&waiting.await.unwrap().unwrap()), ("a", 1));
        assert!(before.elapsed() < Duration::from_secs(1));
    }

    async fn no_message_goes_to_two_receivers_and_none_is_forgotten(queue: Arc<dyn Queue>) {
        let left = Arc::new(std::sync::atomic::AtomicI64::new(100));
        let receivers: Vec<_> = (0..8)
            .map(|_| {
                let (queue, left) = (Arc::clone(&queue), Arc::clone(&left));
                tokio::spawn(async move {
                    let mut got = Vec::new();
                    while left.load(std::sync::atomic::Ordering::SeqCst) > 0 {
                        let found = receive(&*queue, &[NORMAL], Duration::from_secs(1)).await;
                        let Some(found) = found else { continue };
                        got.push(of(&found).0.to_owned());
                        queue.ack(&found.receipt).await.unwrap();
                        left.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                    }
                    got
                })
            })
            .collect();
        for batch in 0..10 {
            let messages = (0..10).map(|n| normal(&format!("n{batch}-{n}")));
            queue.send_batch(messages.collect()).await.unwrap();
            tokio::task::yield_now().await;
        }
        let mut all = Vec::new();
        for receiver in receivers {
            all.extend(receiver.await.unwrap());
        }
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 100);
        assert_eq!(receive(&*queue, &[NORMAL], Duration::from_secs(600)).await, None);
    }
}
