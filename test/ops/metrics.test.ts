import { afterEach, beforeEach, expect, test } from 'vitest';
import { Metrics } from '../../src/ops/metrics.ts';

let metrics: Metrics;
beforeEach(() => {
	metrics = new Metrics();
});
afterEach(() => metrics.close());

const lines = async () => (await metrics.text()).split('\n');

test('[P41] counters are there from the start and add up', async () => {
	expect(await lines()).toContain('naru_commits_total 0');
	metrics.count('commits');
	metrics.count('bytesOut', 512);
	metrics.count('bytesOut', 88);
	const after = await lines();
	expect(after).toContain('naru_commits_total 1');
	expect(after).toContain('naru_bytes_out_total 600');
	expect(await lines(), 'reading changes nothing').toContain('naru_commits_total 1');
});

test('[P41] errors and closed sockets are counted by code', async () => {
	metrics.count('errors', 1, 'BUSY');
	metrics.count('errors', 2, 'BUSY');
	metrics.count('socketsClosed', 1, '4100');
	const text = await lines();
	expect(text).toContain('naru_errors_total{code="BUSY"} 3');
	expect(text).toContain('naru_sockets_closed_total{code="4100"} 1');
});

test('codes without end do not grow the metrics without end', async () => {
	for (let n = 0; n < 1_000; n++) metrics.count('errors', 1, `CODE_${n}`);
	const errors = (await lines()).filter((line) => line.startsWith('naru_errors_total{'));
	expect(errors).toHaveLength(201);
	expect(errors).toContain('naru_errors_total{code="other"} 800');
});

test('[P41] durations are told in seconds, sizes as they are', async () => {
	metrics.observe('commitMs', 3);
	metrics.observe('mailboxDepth', 7);
	const text = await lines();
	expect(text).toContain('naru_commit_seconds_sum 0.003');
	expect(text).toContain('naru_commit_seconds_bucket{le="0.002"} 0');
	expect(text).toContain('naru_commit_seconds_bucket{le="0.005"} 1');
	expect(text).toContain('naru_mailbox_depth_sum 7');
});

test('[P41] gauges are read when the metrics are', async () => {
	let sockets = 1;
	metrics.gauge('sockets', 'Open sockets', () => sockets);
	expect(await lines()).toContain('naru_sockets 1');
	sockets = 5;
	expect(await lines()).toContain('naru_sockets 5');
});

test('[P41] series of a feature are read when the metrics are, with what is there then', async () => {
	let rows: readonly (readonly [string, string, number])[] = [['bank-a', 'ok', 2]];
	const labels = ['institution', 'class'];
	metrics.series({ name: 'calls_total', help: 'Calls', labels, read: () => rows });
	metrics.series({ name: 'calls_now', help: 'Calls', labels, read: () => rows });
	metrics.series({ name: 'plain', help: 'Without labels', labels: [], read: () => [[7]] });
	const text = await lines();
	expect(text).toContain('naru_calls_total{institution="bank-a",class="ok"} 2');
	expect(text).toContain('# TYPE naru_calls_total counter');
	expect(text).toContain('naru_plain 7');
	rows = [['bank-a', 'failed', 5]];
	const after = await lines();
	expect(after).toContain('naru_calls_total{institution="bank-a",class="failed"} 5');
	expect(after).toContain('naru_calls_now{institution="bank-a",class="failed"} 5');
	expect(after.filter((line) => line.startsWith('naru_calls_now{'))).toHaveLength(1);
});

test('[P41] process and event loop are measured', async () => {
	const text = await metrics.text();
	expect(text).toMatch(/^process_resident_memory_bytes \d/m);
	for (const quantile of ['0.5', '0.99', '1']) {
		expect(text).toMatch(
			new RegExp(`^naru_event_loop_delay_seconds\\{quantile="${quantile}"\\} [0-9]`, 'm'),
		);
	}
	// Measured once: each measure of the kind wakes the process again and again.
	expect(text).not.toContain('nodejs_eventloop_lag_p99');
});

test('two in one process do not get in each other’s way', async () => {
	const other = new Metrics();
	other.count('fences');
	expect(await lines()).toContain('naru_fences_total 0');
	other.close();
});
