// The judge's process: runs the test on a function that asks the candidate's process; never runs the candidate's code.
#include "channel.hpp"
#include <exception>

namespace evalrun {

inline std::string nonce;

[[noreturn]] inline void finish(const std::string &outcome, const std::string &detail) {
    send('J', words(nonce, outcome, detail));
    // Nothing of the test runs after the verdict; the parent ends this process.
    receive();
    ::_exit(0);
}

template <class Returns, class... Arguments>
Returns ask(const Arguments &...arguments) {
    send('C', (std::string() + ... + encode(arguments)));
    const Frame frame = receive();
    if (frame.kind != 'V') finish("exception", frame.payload);
    Reader in(frame.payload);
    return decode<Returns>(in);
}

} // namespace evalrun

#define main evalrun_main_of_the_test
#include "test.cpp"
#undef main

int main(int, char **arguments) {
    evalrun::nonce = arguments[1];
    try {
        evalrun_main_of_the_test();
    } catch (const std::exception &error) {
        evalrun::finish("exception", error.what());
    }
    evalrun::finish("passed", "");
}
