"""Writes numpy.lua: expressions of tensors in Lua beside what NumPy gives for the same. python3 make_numpy.py > numpy.lua"""
import numpy as np

r = np.random.default_rng(0)
f = np.float32
a = r.normal(size=(2, 3)).astype(f)
b = r.normal(size=(3,)).astype(f)
c = r.normal(size=(2, 3, 4)).astype(f)
n = np.array([[7, -3, 2], [0, 5, -9]])
m = np.array([[True, False, True], [False, False, True]])
q = r.normal(size=(2, 3, 3))
p = q[0] @ q[0].T + np.eye(3)
w = r.normal(size=(3, 5))

# Lua, NumPy. Lua counts from 1 and takes both ends of a range.
CASES = [
    ("a + b", a + b), ("a - 2", a - f(2)), ("3 - a", f(3) - a), ("a * a", a * a), ("a / b", a / b), ("-a", -a),
    ("a ^ 2", a**2), ("2 ^ a", f(2)**a), ("n % 4", n % 4), ("n // 4", n // 4), ("n * 0.5", n * 0.5), ("a * n", a * n),
    ("a:unsqueeze(3) * b", a[:, :, None] * b),
    ("m & ~m", m & ~m), ("m | a:lt(0)", m | (a < 0)), ("m ~ a:gt(0)", m ^ (a > 0)), ("n & 3", n & 3),
    ("a:lt(b)", a < b), ("a:le(0)", a <= 0), ("n:eq(2)", n == 2), ("n:ne(n:max())", n != n.max()), ("n:ge(0)", n >= 0),
    ("a:maximum(b)", np.maximum(a, b)), ("n:minimum(1)", np.minimum(n, 1)), ("m:where(a, 0)", np.where(m, a, 0)),
    ("a:abs():sqrt()", np.sqrt(np.abs(a))), ("a:exp()", np.exp(a)), ("a:abs():log()", np.log(np.abs(a))),
    ("a:sin()", np.sin(a)), ("a:cos()", np.cos(a)), ("a:tanh()", np.tanh(a)), ("a:sigmoid()", 1 / (1 + np.exp(-a))),
    ("a:floor()", np.floor(a)), ("a:ceil()", np.ceil(a)), ("(a * 2):round()", np.round(a * 2)), ("n:sign()", np.sign(n)),
    ("a:clamp(-0.5, 0.5)", np.clip(a, -0.5, 0.5)), ("a:clamp(nil, 0)", np.minimum(a, 0)),
    ("c:sum()", c.sum()), ("c:sum(2)", c.sum(1)), ("c:sum(1, 3)", c.sum((0, 2))), ("c:sum { -1 }", c.sum(-1)),
    ("c:mean(3)", c.mean(2)), ("n:mean()", n.mean()), ("c:max(1)", c.max(0)), ("c:min(2, 3)", c.min((1, 2))),
    ("c:std(2)", c.std(1)), ("c:var()", c.var()), ("a:norm()", np.linalg.norm(a)), ("c:norm(3)", np.linalg.norm(c, axis=2)),
    ("a:prod(1)", a.prod(0)), ("c:prod(1, 3)", c.prod((0, 2))), ("m:any(1)", m.any(0)), ("m:all(2)", m.all(1)),
    ("m:any()", m.any()), ("m:all()", m.all()), ("m:sum()", m.sum()),
    ("n:argmax()", n.argmax() + 1), ("c:argmax(2)", c.argmax(1) + 1), ("c:argmin(-1)", c.argmin(-1) + 1),
    ("c:cumsum(3)", c.cumsum(2)), ("(n:sort())", np.sort(n)), ("select(2, n:sort(2, true))", np.argsort(-n, 1) + 1),
    ("c:reshape(4, -1)", c.reshape(4, -1)), ("c:flatten()", c.ravel()), ("c:transpose(1, 3)", c.swapaxes(0, 2)),
    ("c:permute(2, 3, 1)", c.transpose(1, 2, 0)), ("c:flip(2)", c[:, ::-1]), ("a:tile(2, 2)", np.tile(a, (2, 2))),
    ("b:unsqueeze(1):expand(2, 3)", np.broadcast_to(b, (2, 3))), ("a:matmul(b)", a @ b),
    ("a:unsqueeze(2):squeeze(2)", a), ("a:matmul(c)", a @ c[0] if False else np.stack([a @ c[i] for i in range(2)])),
    ("a[2]", a[1]), ("a[-1][1]", a[-1][0]), ("a[{ 2, 3 }]", a[1, 2]), ("a[{ {}, 2 }]", a[:, 1]), ("a[{ -1, -2 }]", a[-1, -2]),
    ("c[{ 1, { 2, 3 }, { 1, -1, 2 } }]", c[0, 1:3, ::2]), ("c[{ {}, { 2, -1 } }]", c[:, 1:]), ("c[{ { 2, 1 } }]", c[1:1]),
    ("a[a:gt(0)]", a[a > 0]), ("a[basin.tensor({ 2, 1, 2 }, \"int64\")]", a[[1, 0, 1]]),
    ("c[{ {}, basin.tensor({ 3, 1 }, \"int64\"), 2 }]", c[:, [2, 0], 1]), ("c[m]", c[m]),
    ("a[basin.tensor { false, true }]", a[[False, True]]),
    ("basin.range(1, 5)", np.arange(1, 6)), ("basin.range(5, 1, -2)", np.arange(5, 0, -2)), ("basin.range(0, 1, 0.25)", np.arange(0, 1.01, 0.25)),
    ("basin.linspace(0, 1, 5)", np.linspace(0, 1, 5)), ("basin.eye(3)", np.eye(3)), ("basin.full({ 2, 2 }, 7)", np.full((2, 2), 7)),
    ("basin.cat({ a, a }, 2)", np.concatenate([a, a], 1)), ("basin.stack { b, b }", np.stack([b, b])),
    ("basin.stack({ a, a }, 3)", np.stack([a, a], 2)), ("a:to \"int64\"", a.astype(np.int64)), ("n:to \"bool\"", n.astype(bool)),
    ("a.T", a.T), ("b:dot(b)", b @ b), ("c:quantile(0.3)", np.quantile(c, 0.3)), ("c:quantile(0.25, 2)", np.quantile(c, 0.25, 1)),
    ("(c:histogram(5))", np.histogram(c, 5)[0]), ("select(2, c:histogram(5))", np.histogram(c, 5)[1]),
    ("(c:histogram(4, -1, 1))", np.histogram(c, 4, (-1, 1))[0]), ("(m:histogram(2))", np.histogram(m.astype(int), 2)[0]),
    ("(basin.ones({ 3 }):histogram(3))", np.histogram(np.ones(3), 3)[0]),
    ("q:diagonal()", np.diagonal(q, 0, -2, -1)), ("q:trace()", np.trace(q, axis1=-2, axis2=-1)), ("w:trace()", np.trace(w)),
    ("q:det()", np.linalg.det(q)), ("(q:slogdet())", np.linalg.slogdet(q)[0]),
    ("select(2, q:slogdet())", np.linalg.slogdet(q)[1]), ("q:inverse()", np.linalg.inv(q)), ("n:pinverse()", np.linalg.pinv(n)),
    ("w:pinverse()", np.linalg.pinv(w)), ("p:solve(b)", np.linalg.solve(p, b)), ("q:solve(w)", np.stack([np.linalg.solve(x, w) for x in q])),
    ("q:solve(w[{ {}, 1 }])", np.stack([np.linalg.solve(x, w[:, 0]) for x in q])),
    ("p:cholesky()", np.linalg.cholesky(p)), ("(p:eigh())", np.linalg.eigh(p)[0]), ("eigen_product(p)", p),
    ("select(2, w:svd())", np.linalg.svd(w)[1]), ("svd_product(w)", w), ("select(3, w:svd()):shape()", [3, 5]),
    ("basin.eye(2, \"float64\")", np.eye(2)), ("a:matmul(p)", a @ p), ("n:matmul(p)", n @ p),
    ("basin.range(1, 2, 0.1, \"float64\")", np.arange(10, 21) / 10), ("basin.linspace(0, 1, 7, \"float64\")", np.linspace(0, 1, 7)),
    ("basin.tensor { 1 / 0, 0 / 0, 1 }:isfinite()", [False, False, True]), ("basin.tensor { 0 / 0, 1 }:isnan()", [True, False]),
]


def lua(x):
    x = np.asarray(x)
    if x.ndim == 0:
        return str(bool(x)).lower() if x.dtype == bool else repr(float(x)) if x.dtype.kind == "f" else str(int(x))
    return "{ " + ", ".join(lua(y) for y in x) + " }" if len(x) else "{}"


print("-- Tensors against NumPy. Written by make_numpy.py; not to be edited.")
print('local basin = require "basin"')
for name, value in dict(a=a, b=b, c=c).items():
    print(f"local {name} = basin.tensor({lua(value)})")
print(f'local n = basin.tensor({lua(n)}, "int64")')
print(f"local m = basin.tensor({lua(m)})")
for name, value in dict(q=q, p=p, w=w).items():
    print(f'local {name} = basin.tensor({lua(value)}, "float64")')
print("""
local function eigen_product(x)
  local values, vectors = x:eigh()
  return (vectors * values):matmul(vectors:transpose(1, 2))
end
local function svd_product(x)
  local u, s, v = x:svd()
  return (u * s):matmul(v)
end
local count, tolerance = 0, 2e-6
local function compare(what, got, want)
  if type(want) ~= "table" then
    local same = got == want or (type(want) == "number" and type(got) == "number" and math.abs(got - want) <= tolerance * (1 + math.abs(want)))
    return assert(same, what .. ": got " .. tostring(got) .. ", NumPy says " .. tostring(want))
  end
  assert(type(got) == "table" and #got == #want, what .. ": another shape")
  for i = 1, #want do compare(what .. "[" .. i .. "]", got[i], want[i]) end
end
local function check(what, got, shape, want)
  count = count + 1
  if type(got) ~= "userdata" then return compare(what, got, want) end
  compare("the shape of " .. what, got:shape(), shape)
  tolerance = got.dtype == "float64" and 1e-12 or 2e-6
  compare(what, got:totable(), want)
  tolerance = 2e-6
end
""")
for text, value in CASES:
    value = np.asarray(value)
    print(f"check([==[{text}]==], {text}, {lua(np.array(value.shape, int))}, {lua(value)})")
print(f'\nprint(count)  --> {len(CASES)}')
