<?php
// Frames on descriptor 3, shared by the candidate's and the judge's process of a PHP task.
namespace Evalrun;

final class Channel
{
    /** @var resource */
    private $stream;

    public function __construct()
    {
        $this->stream = \fopen('php://fd/3', 'r+b');
        \stream_set_read_buffer($this->stream, 0);
    }

    private function read(int $size): string
    {
        $bytes = '';
        while (\strlen($bytes) < $size) {
            $part = \fread($this->stream, $size - \strlen($bytes));
            if ($part === false || $part === '') {
                exit(1);
            }
            $bytes .= $part;
        }
        return $bytes;
    }

    /** @return array{string, string} kind and payload */
    public function receive(): array
    {
        $size = \unpack('N', $this->read(4))[1];
        $frame = $this->read($size);
        return [$frame[0], \substr($frame, 1)];
    }

    public function send(string $kind, string $payload): void
    {
        $frame = \pack('N', \strlen($payload) + 1) . $kind . $payload;
        while ($frame !== '') {
            $sent = \fwrite($this->stream, $frame);
            if ($sent === false || $sent === 0) {
                exit(1);
            }
            $frame = \substr($frame, $sent);
        }
    }

    /** Texts in the format that the parent reads. */
    public static function words(string ...$texts): string
    {
        $bytes = 't' . \pack('N', \count($texts));
        foreach ($texts as $text) {
            $bytes .= 's' . \pack('N', \strlen($text)) . $text;
        }
        return $bytes;
    }

    /** PHP's own format, of which only plain data is ever read: no class is made from it. */
    public static function encode(mixed $value): string
    {
        return \serialize($value);
    }

    public static function decode(string $bytes): mixed
    {
        return \unserialize($bytes, ['allowed_classes' => false]);
    }

    public static function explain(\Throwable $error): string
    {
        return \substr(\get_class($error) . ': ' . $error->getMessage(), 0, 300);
    }
}
