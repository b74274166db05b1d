//! Channels, waiting, many receivers.

use super::*;

conformance! {
    of every queue;

    async fn lanes_come_in_the_order_of_asking(queue: Arc<dyn Queue>, _lease: Duration) {
        queue.send_batch(vec![normal("a"), normal("b"), compile("c", 1, Lane::Urgent)]).await.unwrap();
        let got = queue.receive(&[URGENT, NORMAL], 10, NOW).await.unwrap();
        let mut nodes: Vec<_> = got.iter().map(|it| of(it).0).collect();
        assert_eq!(nodes.remove(0), "c");
        nodes.sort_unstable();
        assert_eq!(nodes, ["a", "b"]);
    }

    async fn a_receiver_of_several_lanes_hears_of_each(queue: Arc<dyn Queue>, lease: Duration) {
        let lanes = [URGENT, NORMAL, Channel::Compile(Lane::Bulk)];
        for lane in Lane::ALL {
            let waiting = {
                let queue = Arc::clone(&queue);
                tokio::spawn(async move { receive(&*queue, &lanes, lease * 2).await })
            };
            tokio::time::sleep(lease / 8).await;
            queue.send(compile("a", 1, lane)).await.unwrap();
            let delivery = waiting.await.unwrap().unwrap();
            assert_eq!(delivery.message.channel(), Channel::Compile(lane));
            queue.ack(&delivery.receipt).await.unwrap();
        }
    }

    async fn no_more_come_than_were_asked_for(queue: Arc<dyn Queue>, _lease: Duration) {
        let messages = (0..25).map(|n| normal(&format!("n{n}")));
        queue.send_batch(messages.collect()).await.unwrap();
        assert_eq!(queue.receive(&[URGENT, NORMAL], 12, NOW).await.unwrap().len(), 12);
        assert_eq!(queue.receive(&[NORMAL], 100, NOW).await.unwrap().len(), 13);
    }

    async fn other_channels_are_left_alone(queue: Arc<dyn Queue>, _lease: Duration) {
        queue.send_batch(vec![normal("a"), upload("x")]).await.unwrap();
        assert_eq!(receive(&*queue, &[URGENT, Channel::Plans], NOW).await, None);
        let found = receive(&*queue, &[Channel::Uploads], NOW).await.unwrap();
        assert_eq!(found.message, upload("x"));
    }

    async fn a_send_wakes_a_waiting_receiver(queue: Arc<dyn Queue>, lease: Duration) {
        let waiting = {
            let queue = Arc::clone(&queue);
            tokio::spawn(async move { receive(&*queue, &[NORMAL], Duration::MAX).await })
        };
        tokio::time::sleep(lease / 4).await;
        let before = tokio::time::Instant::now();
        queue.send(normal("a")).await.unwrap();
        assert_eq!(of(&waiting.await.unwrap().unwrap()), ("a", 1));
        assert!(before.elapsed() < lease / 2);
    }

    async fn no_message_goes_to_two_receivers_and_none_is_forgotten(queue: Arc<dyn Queue>, lease: Duration) {
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
        assert_eq!(receive(&*queue, &[NORMAL], lease * 2).await, None);
    }
}
