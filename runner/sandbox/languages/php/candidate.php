<?php
// The candidate's process: runs the generated program and answers calls of its function with plain data.
namespace Evalrun;

require __DIR__ . '/channel.php';

/** The program's variables are not this file's. */
function load(string $file): void
{
    require $file;
}

function serve(string $file, string $entry): void
{
    $channel = new Channel();
    try {
        load($file);
        $state = \function_exists($entry) ? ['ready', ''] : ['missing_entry_point', "the program defines no function $entry"];
    } catch (\ParseError $error) {
        $state = ['syntax', Channel::explain($error)];
    } catch (\Throwable $error) {
        $state = ['exception', Channel::explain($error)];
    }
    $channel->send('R', Channel::words(...$state));
    while ($state[0] === 'ready') {
        [, $payload] = $channel->receive();
        try {
            $kind = 'V';
            $answer = Channel::encode($entry(...Channel::decode($payload)));
        } catch (\Throwable $error) {
            [$kind, $answer] = ['E', Channel::encode(Channel::explain($error))];
        }
        $channel->send($kind, $answer);
    }
}

serve(__DIR__ . '/solution.php', $argv[1]);
