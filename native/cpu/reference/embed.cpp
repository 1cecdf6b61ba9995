// Reference kernel of EmbedOp.
#include "ops/numeric.h"
#include "ops/registry.h"

namespace evalrun {
namespace {

void embed(const EmbedOp& op, ThreadPool& pool) {
  pool.run_near(op.rows, [&](int64_t row, int) {
    const int64_t columns = op.table.columns;
    for (int64_t c = 0; c < columns; ++c) op.y[row * columns + c] = load_weight(op.table, op.ids[row], c);
  });
}

const Register<EmbedOp> kEmbed({"embed/reference", 0, accepts_all<EmbedOp>, embed});

}  // namespace
}  // namespace evalrun
