// A row's result is a function of its own sequence alone, bit for bit: whatever is computed beside it, in which order, on which pages, in
// how many pieces. And both forms of latent attention agree as far as their roundings let them.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <memory>

#include "check/commands.h"
#include "check/compare.h"
#include "check/sequences.h"

namespace evalrun::check {
namespace {

// Around pages of 64 and tiles of 16: one token, an odd few, a page, one more, and several pages.
constexpr int kLengths[] = {1, 7, 33, 64, 65, 130, 200};
// Where the sequences that share their beginning part: inside a page.
constexpr int kCommon = 100;
// Of these rows the next token is common too, which the multi-token-prediction module and what is asked of a row depend on.
constexpr int kShared = kCommon - 1;
constexpr int kWhole = 1 << 20;

struct Random {
  uint64_t state;
  int below(int count) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<int>((state >> 33) % count);
  }
};

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
}

bool same_bits(const Rows& a, const Rows& b) {
  return same_bits(a.logits, b.logits) && same_bits(a.mtp_logits, b.mtp_logits) && same_bits(a.log_probs, b.log_probs);
}

bool finite(const Rows& rows) {
  return std::all_of(rows.logits.begin(), rows.logits.end(), [](float value) { return std::isfinite(value); });
}

class InvarianceTest {
 public:
  InvarianceTest(const Plan& plan, const std::string& dtype, std::shared_ptr<Device> device, const Options& options, Records& records)
      : plan_(plan), dtype_(dtype), records_(records), device_(std::move(device)) {
    const int most = std::min(plan.spec.context_length, std::max(2, options.integer("--max-tokens", 200)));
    Random random{plan.spec.vocab * 2654435761u};
    int pages = 0;
    std::vector<int32_t> beginning;
    for (int i = 0; i < std::min(most, kCommon); ++i) beginning.push_back(random.below(plan.spec.vocab));
    for (const int wanted : kLengths) {
      const int length = std::min(wanted, most);
      if (wanted > most && !sequences_.empty() && static_cast<int>(sequences_.back().tokens.size()) == most) break;
      Sequence sequence{beginning, pages_from(pages, length)};
      sequence.tokens.resize(std::min(length, static_cast<int>(beginning.size())));
      while (static_cast<int>(sequence.tokens.size()) < length) sequence.tokens.push_back(random.below(plan.spec.vocab));
      // Those that are shorter than the common beginning are made to differ, or they would be its prefixes.
      if (length <= kCommon) sequence.tokens.back() = random.below(plan.spec.vocab);
      pages += static_cast<int>(sequence.pages.size());
      sequences_.push_back(std::move(sequence));
    }
    // As many again, for the same sequences elsewhere.
    model_ = std::make_unique<Model>(device_, plan.spec, plan.numerics.at(dtype), plan.files, plan.tensors, 2 * pages);
    model_->prepare();
    elsewhere_ = pages;
    runner_ = std::make_unique<SequenceRunner>(*model_, plan.spec.vocab, plan.spec.mtp_layers > 0);
  }

  bool run() {
    const std::vector<Rows> prompt = each([&](const Sequence& s) { return runner_->alone(s, kWhole, false); });
    same("repeated", prompt, each([&](const Sequence& s) { return runner_->alone(s, kWhole, false); }));
    same("batched", prompt, batched(sequences_, kWhole, false));
    same("shuffled, other pages", prompt, shuffled());
    for (const int chunk : {1, 13, 64}) {
      same("chunks of " + std::to_string(chunk), prompt, each([&](const Sequence& s) { return runner_->alone(s, chunk, false); }));
    }
    same("chunks of 13, batched", prompt, batched(sequences_, 13, false));
    same("shared pages", prompt, shared());
    const std::vector<Rows> decoded = each([&](const Sequence& s) { return runner_->alone(s, 1, true); });
    same("decoding repeated", decoded, each([&](const Sequence& s) { return runner_->alone(s, 1, true); }));
    same("decoding batched", decoded, batched(sequences_, 1, true));
    same("decoding two at a time", decoded, each([&](const Sequence& s) { return runner_->alone(s, 2, true); }));
    same("decoding beside a prompt", decoded, beside_prompt());
    if (plan_.spec.latent) {
      forms_agree(prompt, decoded);
    } else {
      same("decoding = prompt", prompt, decoded);
    }
    return passed_;
  }

 private:
  std::vector<Rows> each(const std::function<Rows(const Sequence&)>& compute) {
    std::vector<Rows> all;
    for (const Sequence& sequence : sequences_) all.push_back(compute(sequence));
    return all;
  }

  // Steps that take the next `chunk` tokens of every sequence that has some left.
  std::vector<Rows> batched(const std::vector<Sequence>& sequences, int chunk, bool decode) {
    std::vector<Rows> all(sequences.size());
    for (int start = 0;; start += chunk) {
      std::vector<Part> parts;
      std::vector<Rows*> rows;
      for (size_t i = 0; i < sequences.size(); ++i) {
        const int left = static_cast<int>(sequences[i].tokens.size()) - start;
        if (left <= 0) continue;
        parts.push_back({&sequences[i], start, std::min(chunk, left), decode});
        rows.push_back(&all[i]);
      }
      if (parts.empty()) return all;
      runner_->step(parts, {}, rows);
    }
  }

  std::vector<Rows> shuffled() {
    std::vector<size_t> order(sequences_.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    Random random{7};
    for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(static_cast<int>(i))]);
    std::vector<Sequence> moved;
    for (const size_t i : order) {
      moved.push_back(sequences_[i]);
      // Backwards as well, so that neighbouring pages of a sequence are not neighbours in memory.
      for (int32_t& page : moved.back().pages) page = 2 * elsewhere_ - 1 - page;
    }
    std::vector<Rows> rows = batched(moved, kWhole, false), back(rows.size());
    for (size_t i = 0; i < order.size(); ++i) back[order[i]] = std::move(rows[i]);
    return back;
  }

  // The longest sequence is computed; those that begin as it does take its full pages as they are and a copy of the page where they part.
  std::vector<Rows> shared() {
    std::vector<Rows> all = each([&](const Sequence& s) { return runner_->alone(s, kWhole, false); });
    const Sequence& whole = sequences_.back();
    if (static_cast<int>(whole.tokens.size()) <= kCommon) return all;
    std::vector<Sequence> sharing;
    std::vector<size_t> which;
    std::vector<int32_t> copies;
    for (size_t i = 0; i + 1 < sequences_.size(); ++i) {
      const Sequence& own = sequences_[i];
      if (static_cast<int>(own.tokens.size()) <= kCommon) continue;
      Sequence sequence{own.tokens, own.pages};
      for (int32_t& page : sequence.pages) page += elsewhere_;
      for (int p = 0; p < kShared / kPageTokens; ++p) sequence.pages[p] = whole.pages[p];
      copies.insert(copies.end(), {whole.pages[kShared / kPageTokens], sequence.pages[kShared / kPageTokens]});
      which.push_back(i);
      sharing.push_back(std::move(sequence));
    }
    std::vector<Part> parts;
    std::vector<Rows> rest(sharing.size());
    std::vector<Rows*> rows;
    for (size_t i = 0; i < sharing.size(); ++i) {
      parts.push_back({&sharing[i], kShared, static_cast<int>(sharing[i].tokens.size()) - kShared, false});
      rows.push_back(&rest[i]);
    }
    if (parts.empty()) return all;
    runner_->step(parts, copies, rows);
    // What was not computed again is the beginning, whose rows are those of the longest.
    const auto join = [](std::vector<float>& to, const std::vector<float>& beginning, const std::vector<float>& rest, int64_t row) {
      to.assign(beginning.begin(), beginning.begin() + kShared * row);
      to.insert(to.end(), rest.begin(), rest.end());
    };
    for (size_t i = 0; i < which.size(); ++i) {
      join(all[which[i]].logits, all.back().logits, rest[i].logits, plan_.spec.vocab);
      join(all[which[i]].log_probs, all.back().log_probs, rest[i].log_probs, kAsked);
      if (plan_.spec.mtp_layers > 0) join(all[which[i]].mtp_logits, all.back().mtp_logits, rest[i].mtp_logits, plan_.spec.vocab);
    }
    return all;
  }

  // All but the longest decode, one token a step, while the longest is a prompt in the same steps.
  std::vector<Rows> beside_prompt() {
    std::vector<Rows> all(sequences_.size());
    Sequence prompt = sequences_.back();
    for (int32_t& page : prompt.pages) page += elsewhere_;
    const int length = static_cast<int>(prompt.tokens.size());
    const int longest = static_cast<int>(sequences_[sequences_.size() - 2].tokens.size());
    const int chunk = std::max(1, length / std::max(1, longest));
    Rows ignored;
    for (int start = 0; start < longest; ++start) {
      std::vector<Part> parts;
      std::vector<Rows*> rows;
      const int left = length - start * chunk;
      if (left > 0) {
        parts.push_back({&prompt, start * chunk, std::min(chunk, left), false});
        rows.push_back(&ignored);
      }
      for (size_t i = 0; i + 1 < sequences_.size(); ++i) {
        if (start >= static_cast<int>(sequences_[i].tokens.size())) continue;
        parts.push_back({&sequences_[i], start, 1, true});
        rows.push_back(&all[i]);
      }
      runner_->step(parts, {}, rows);
    }
    all.back() = runner_->alone(sequences_.back(), 1, true);
    return all;
  }

  void same(const std::string& what, const std::vector<Rows>& expected, const std::vector<Rows>& found) {
    int different = 0;
    double worst = 0;
    for (size_t i = 0; i < expected.size(); ++i) {
      if (same_bits(expected[i], found[i]) && finite(found[i])) continue;
      ++different;
      if (expected[i].logits.size() == found[i].logits.size()) worst = std::max(worst, difference(found[i].logits, expected[i].logits).max_abs);
    }
    note(what, different == 0, different, worst, 0);
  }

  // In float32 the two forms are the same sums in another order. Where attention rounds its operands they round different ones, and in fp8 a
  // difference in the last bit can move a code: two roundings that have nothing to do with each other are the root of two apart, measured in
  // what the precision costs a typical row.
  void forms_agree(const std::vector<Rows>& prompt, const std::vector<Rows>& decoded) {
    std::vector<float> a, b;
    for (size_t i = 0; i < prompt.size(); ++i) {
      a.insert(a.end(), prompt[i].logits.begin(), prompt[i].logits.end());
      b.insert(b.end(), decoded[i].logits.begin(), decoded[i].logits.end());
    }
    const Difference found = difference(b, a);
    constexpr double kFloat32 = 5e-4;
    if (dtype_ == "f32") {
      note("absorbed = expanded", found.finite && found.max_abs <= kFloat32, 0, found.max_abs, kFloat32);
      return;
    }
    Model exact(device_, plan_.spec, plan_.numerics.at("f32"), plan_.files, plan_.tensors, 2 * elsewhere_);
    SequenceRunner runner(exact, plan_.spec.vocab, false);
    std::vector<float> unrounded;
    for (const Sequence& sequence : sequences_) {
      const Rows rows = runner.alone(sequence, kWhole, false);
      unrounded.insert(unrounded.end(), rows.logits.begin(), rows.logits.end());
    }
    const double bound = std::sqrt(2.0) * quantile(row_rms(a, unrounded, plan_.spec.vocab), 0.5);
    const double typical = quantile(row_rms(b, a, plan_.spec.vocab), 0.5);
    note("absorbed = expanded", found.finite && typical <= bound, 0, typical, bound);
  }

  void note(const std::string& what, bool passed, int different, double worst, double bound) {
    records_.push_back(Record()
                           .add("model", plan_.name)
                           .add("dtype", dtype_)
                           .add("arrangement", what)
                           .add("sequences", static_cast<int>(sequences_.size()))
                           .add("different", different)
                           .add("largest difference", worst)
                           .add("bound", bound)
                           .add("passed", passed));
    passed_ = passed_ && passed;
  }

  const Plan& plan_;
  std::string dtype_;
  Records& records_;
  std::vector<Sequence> sequences_;
  std::shared_ptr<Device> device_;
  std::unique_ptr<Model> model_;
  std::unique_ptr<SequenceRunner> runner_;
  int elsewhere_ = 0;
  bool passed_ = true;
};

}  // namespace

bool check_invariance(const Options& options, Records& records) {
  Devices devices(options);
  return check_each(options, records, [&](const Plan& plan, const std::string& dtype) {
    return InvarianceTest(plan, dtype, devices.of(plan.numerics.at(dtype)), options, records).run();
  });
}

}  // namespace evalrun::check
