<?php
// The judge's process: runs the test on a function that asks the candidate's process; never runs the candidate's code.
namespace Evalrun;

require __DIR__ . '/channel.php';

final class CandidateError extends \Exception
{
}

function ask(array $args): mixed
{
    global $channel;
    $channel->send('C', Channel::encode($args));
    [$kind, $payload] = $channel->receive();
    $value = Channel::decode($payload);
    if ($kind === 'V') {
        return $value;
    }
    throw new CandidateError((string) $value);
}

function judge(string $entry): array
{
    try {
        // A function of PHP itself cannot be written anew, by the candidate or here: the test then asks nothing.
        if (!\function_exists($entry)) {
            eval("function $entry(...\$args) { return \\Evalrun\\ask(\$args); }");
        }
        require __DIR__ . '/test.php';
        return ['passed', ''];
    } catch (CandidateError $error) {
        return ['exception', $error->getMessage()];
    } catch (\Exception $error) {
        return ['assertion', Channel::explain($error) . ' at: ' . lineOf($error)];
    } catch (\Throwable $error) {
        return ['exception', Channel::explain($error)];
    }
}

/** The tests throw all the same exception: its line says more. */
function lineOf(\Throwable $error): string
{
    return \trim(\substr(\file($error->getFile())[$error->getLine() - 1] ?? '', 0, 200));
}

$channel = new Channel();
[, $entry, $nonce] = $argv;
$channel->send('J', Channel::words($nonce, ...judge($entry)));
// Nothing of the test runs after the verdict; the parent ends this process.
$channel->receive();
