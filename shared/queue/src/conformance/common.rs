//! Leases, acknowledgements, retries, dead letters.

use super::*;
use crate::{Depth, QueueError, Standing};

conformance! {
    of every queue;

    async fn what_is_acknowledged_is_gone(queue: Arc<dyn Queue>, lease: Duration) {
        queue.send(normal("a")).await.unwrap();
        let delivery = receive(&*queue, &[NORMAL], NOW).await.unwrap();
        assert_eq!((of(&delivery), delivery.attempt), (("a", 1), 1));
        assert_eq!(receive(&*queue, &[NORMAL], NOW).await, None);
        queue.ack(&delivery.receipt).await.unwrap();
        tokio::time::sleep(lease * 2).await;
        assert_eq!(receive(&*queue, &[NORMAL], NOW).await, None);
        assert!(queue.depths().await.unwrap().values().all(|depth| *depth == Depth::default()));
    }

    async fn a_lease_that_runs_out_gives_the_message_to_the_next(queue: Arc<dyn Queue>, lease: Duration) {
        queue.send(normal("a")).await.unwrap();
        let lost = receive(&*queue, &[NORMAL], NOW).await.unwrap();
        // Nobody sends anything: the end of the lease itself wakes the receiver.
        let found = receive(&*queue, &[NORMAL], lease * 2).await.unwrap();
        assert_eq!(found.attempt, 2);
        // The receipt of the lost lease stands for nothing any more.
        queue.ack(&lost.receipt).await.unwrap();
        queue.release(&lost.receipt, NOW, "late").await.unwrap();
        let extended = queue.extend(&lost.receipt, lease / 2).await;
        assert!(matches!(extended, Err(QueueError::LeaseLost)));
        assert_eq!(queue.depths().await.unwrap()[&NORMAL].leased, 1);
        queue.ack(&found.receipt).await.unwrap();
        assert_eq!(queue.depths().await.unwrap()[&NORMAL].open(), 0);
    }

    async fn a_receipt_of_before_does_not_acknowledge_a_newer_message(queue: Arc<dyn Queue>, lease: Duration) {
        queue.send(compile("a", 1, Lane::Normal)).await.unwrap();
        let lost = receive(&*queue, &[NORMAL], NOW).await.unwrap();
        tokio::time::sleep(lease * 5 / 4).await;
        queue.send(compile("a", 2, Lane::Normal)).await.unwrap();
        let newer = receive(&*queue, &[NORMAL], lease / 2).await.unwrap();
        queue.ack(&lost.receipt).await.unwrap();
        queue.extend(&newer.receipt, lease).await.unwrap();
        assert!(queue.depths().await.unwrap()[&NORMAL].leased >= 1);
    }

    async fn an_extended_lease_lasts(queue: Arc<dyn Queue>, lease: Duration) {
        queue.send(normal("a")).await.unwrap();
        let delivery = receive(&*queue, &[NORMAL], NOW).await.unwrap();
        for _ in 0..3 {
            tokio::time::sleep(lease * 2 / 3).await;
            queue.extend(&delivery.receipt, lease).await.unwrap();
        }
        assert_eq!(receive(&*queue, &[NORMAL], NOW).await, None);
        queue.extend(&delivery.receipt, Duration::MAX).await.unwrap();
        assert_eq!(receive(&*queue, &[NORMAL], lease * 2).await, None);
    }

    async fn a_released_message_comes_back_after_its_delay(queue: Arc<dyn Queue>, lease: Duration) {
        queue.send(normal("a")).await.unwrap();
        let first = receive(&*queue, &[NORMAL], NOW).await.unwrap();
        queue.release(&first.receipt, lease / 2, "store down").await.unwrap();
        assert_eq!(queue.depths().await.unwrap()[&NORMAL].open(), 1);
        assert_eq!(receive(&*queue, &[NORMAL], lease / 4).await, None);
        let again = receive(&*queue, &[NORMAL], lease).await.unwrap();
        assert_eq!(again.attempt, 2);
        // Given back means given back: the first receipt is void.
        assert!(matches!(queue.extend(&first.receipt, lease).await, Err(QueueError::LeaseLost)));
    }

    async fn the_last_attempt_makes_a_dead_letter_which_redrive_revives(queue: Arc<dyn Queue>, lease: Duration) {
        queue.send_batch(vec![normal("bad"), upload("x")]).await.unwrap();
        for attempt in 1..=MAX_ATTEMPTS {
            let delivery = receive(&*queue, &[NORMAL], lease).await.unwrap();
            assert_eq!(delivery.attempt, attempt);
            queue.release(&delivery.receipt, NOW, &format!("error {attempt}")).await.unwrap();
        }
        assert_eq!(receive(&*queue, &[NORMAL], NOW).await, None);
        let depth = queue.depths().await.unwrap()[&NORMAL];
        assert_eq!((depth.dead, depth.open()), (1, 0));
        let listed = queue.list(NORMAL, 10).await.unwrap();
        assert_eq!(listed.len(), 1);
        assert_eq!((listed[0].standing, listed[0].attempts), (Standing::Dead, MAX_ATTEMPTS));
        assert_eq!(listed[0].last_error.as_deref(), Some("error 3"));
        assert_eq!(listed[0].message, normal("bad"));
        assert_eq!(queue.redrive(Some(Channel::Uploads)).await.unwrap(), 0);
        assert_eq!(queue.redrive(None).await.unwrap(), 1);
        let delivery = receive(&*queue, &[NORMAL], NOW).await.unwrap();
        assert_eq!((of(&delivery), delivery.attempt), (("bad", 1), 1));
        assert_eq!(queue.depths().await.unwrap()[&NORMAL].dead, 0);
    }

    async fn leases_that_run_out_again_and_again_make_a_dead_letter_too(queue: Arc<dyn Queue>, lease: Duration) {
        queue.send(normal("a")).await.unwrap();
        for _ in 0..MAX_ATTEMPTS {
            receive(&*queue, &[NORMAL], lease * 2).await.unwrap();
        }
        assert_eq!(receive(&*queue, &[NORMAL], lease * 2).await, None);
        let listed = queue.list(NORMAL, 10).await.unwrap();
        assert_eq!((listed[0].standing, listed[0].attempts), (Standing::Dead, MAX_ATTEMPTS));
        assert!(listed[0].last_error.as_ref().unwrap().contains("no answer"));
    }
}
