// The candidate's process: holds the generated program and answers calls of its function with plain data.
#include "channel.hpp"
#include <exception>

// A program may come with a main of its own, which is never called.
#define main evalrun_main_of_the_program
#include "solution.cpp"
#undef main

namespace {

template <class Returns, class... Parameters>
std::string call(Returns (*function)(Parameters...), const std::string &payload) {
    evalrun::Reader in(payload);
    // Not const, because parameters may be references to what can be changed.
    std::tuple<std::decay_t<Parameters>...> arguments{evalrun::decode<std::decay_t<Parameters>>(in)...};
    return evalrun::encode(std::apply(
        [&](auto &...argument) -> std::decay_t<Returns> { return function(static_cast<Parameters>(argument)...); }, arguments));
}

} // namespace

int main() {
    evalrun::send('R', evalrun::words("ready", ""));
    for (;;) {
        const evalrun::Frame frame = evalrun::receive();
        try {
            evalrun::send('V', call(&EVALRUN_ENTRY, frame.payload));
        } catch (const std::exception &error) {
            evalrun::send('E', std::string(error.what()).substr(0, 300));
        } catch (...) {
            evalrun::send('E', "an exception");
        }
    }
}
