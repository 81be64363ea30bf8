<?php
// A consumer of a `stream` subscription, as one member of a group. Needs connect.php and the extension phpredis.
//   REDIS_URL=redis://127.0.0.1:6379 STREAM='sink.stream of the subscription' php stream.php
declare(strict_types=1);
require __DIR__ . '/connect.php';

const KEPT_IDS = 10000;

/** Throwing ends the process; the entry stays unacknowledged and comes again. */
function handle(array $event): void
{
    // Events come at least once. In production: a table with the id as its key, written in the transaction of your work.
    static $handled = [];
    if (isset($handled[$event['id']])) return;
    echo $event['type'], ' ', $event['id'], ' ', json_encode($event['data'], JSON_UNESCAPED_UNICODE), "\n";
    $handled[$event['id']] = true;
    if (count($handled) > KEPT_IDS) unset($handled[array_key_first($handled)]);
}

$stream = getenv('STREAM');
$group = getenv('GROUP') ?: 'crm';
$member = getenv('MEMBER') ?: gethostname() . '-' . getmypid();
$claimAfterMs = getenv('CLAIM_AFTER_MS') ?: '60000';
$store = new Store();

// From '0': what came before the group was made is read, too.
try {
    $store->call($stream, 'XGROUP', 'CREATE', $stream, $group, '0', 'MKSTREAM');
} catch (RuntimeException $error) {
    if (strncmp($error->getMessage(), 'BUSYGROUP', 9) !== 0) throw $error;
}

while (true) {
    // What another member took and did not acknowledge, because it crashed, then what is new.
    $claimed = $store->call($stream, 'XAUTOCLAIM', $stream, $group, $member, $claimAfterMs, '0', 'COUNT', '100');
    $fresh = $store->call($stream, 'XREADGROUP', 'GROUP', $group, $member, 'COUNT', '100', 'BLOCK', '1000', 'STREAMS', $stream, '>');
    foreach (array_merge($claimed[1], $fresh[0][1] ?? []) as [$entryId, $pairs]) {
        $fields = array_column(array_chunk($pairs, 2), 1, 0);
        handle(json_decode($fields['event'], true, 512, JSON_THROW_ON_ERROR));
        $store->call($stream, 'XACK', $stream, $group, $entryId);
    }
}
