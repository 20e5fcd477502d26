/**
 * The tests on pseudo-terminals once more, here where socat is installed for certain: elsewhere they run with what the
 * machine has, and may be skipped.
 */
import '../hardware/process.test.ts';
import '../hardware/transport/serial.test.ts';
