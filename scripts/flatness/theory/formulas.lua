-- The formulas behind "Understanding Flatness in Generative Models" (arXiv 2503.11078, section 3, and section 1 of its
-- supplement, whose equations are S1, S2, ...). Where the paper errs or is silent about a condition, `printed` has what
-- it says and `right` what should stand, under one name; the other files here hold both
-- against numbers.
--
-- Shapes: x [n,d], a point a row; theta, delta [d,m]; W [d,m]; a = U'e [m]; everything in float64.
local basin = require "basin"

local theory = { printed = {}, right = {} }
local printed, right = theory.printed, theory.right

local function transposed(x) return x:transpose(-1, -2) end
local function number(x) return x:item() end
function theory.normal(sizes, seed) return basin.randn(sizes, seed):to "float64" end
-- ||.||_2 of a matrix, its largest singular value
function theory.norm(matrix) return number(select(2, matrix:svd())[1]) end

-- ---- the random-feature model ---------------------------------------------------------------------------------------

-- Activations with their integrals S, S' = sigma.
theory.identity = { value = function(h) return h end, integral = function(h) return h ^ 2 / 2 end }
theory.relu = { value = function(h) return h:maximum(0) end, integral = function(h) return h:maximum(0) ^ 2 / 2 end }

-- Frozen W and U with standard normal elements; e is the sinusoidal embedding [16] of a time step.
function theory.model(d, m, seed, activation)
  local angle = 100 * (basin.range(0, 7, 1, "float64") * (-math.log(1e4) / 8)):exp()
  local e, U = basin.cat { angle:cos(), angle:sin() }, theory.normal({ 16, m }, seed + 1)
  local W = theory.normal({ d, m }, seed)
  return { d = d, m = m, W = W, a = e:matmul(U), activation = activation or theory.identity }
end
-- One weight and one feature, s(x) = theta (w x + a).
function theory.small_model(w, a)
  local function float64(x) return basin.tensor(x, "float64") end
  return { d = 1, m = 1, W = float64 { { w } }, a = float64 { a }, activation = theory.identity }
end

-- (9)  phi(x) = sigma(W'x + U'e) [n,m],  s(x) = theta phi(x) / m [n,d]
function theory.features(model, x) return model.activation.value(x:matmul(model.W) + model.a) end
function theory.score(model, theta, x) return theory.features(model, x):matmul(transposed(theta)) / model.m end

-- (10)  L(x; theta, p) = |s(x) - grad log p(x)|^2 [n]; log_p may lack a constant
function theory.loss(model, theta, x, log_p)
  local at = x:require_gradient()
  return ((theory.score(model, theta, x) - log_p(at):gradient(at)) ^ 2):sum(2)
end

-- ---- the tilt e^-I that a perturbation of theta amounts to ----------------------------------------------------------

-- delta_w = delta W' [d,d], delta_u = delta U'e [d]
function theory.parts(model, delta) return delta:matmul(transposed(model.W)), delta:matmul(model.a) end

-- I(x, delta) without C. Theorem 1 and (S10); (S9) and (S16) divide by m.
local function quadratic(model, delta, x)
  local delta_w, delta_u = theory.parts(model, delta)
  return (x:matmul(delta_w) * x):sum(2) / 2 + x:matmul(delta_u)
end
printed.exponent = quadratic
function right.exponent(model, delta, x) return quadratic(model, delta, x) / model.m end

-- Which delta: any (the supplement's theorem), or those with delta W' = W delta' (the main text's).
function printed.perturbation(model, seed) return theory.normal({ model.d, model.m }, seed) end
local function symmetric(model, seed)
  local any, back = theory.normal({ model.d, model.m }, seed), model.W:pinverse()  -- W back = 1
  local delta_w = theory.parts(model, any)
  return ((delta_w + transposed(delta_w)) / 2 - delta_w):matmul(transposed(back)) + any
end
right.perturbation = symmetric
-- A symmetric one of norm `radius`.
function theory.perturbation(model, seed, radius)
  local delta = symmetric(model, seed)
  return delta * (radius / theory.norm(delta))
end
-- The one of norm `radius` with the smallest sigma_1, which widens N(0, I) most: against W's first singular vectors.
function theory.widest(model, radius)
  local u, _, v = model.W:svd()
  return -radius * u[{ {}, { 1, 1 } }]:matmul(v[{ { 1, 1 } }])
end

-- delta and I for an activation that is not the identity. The paper's I takes outputs for positive everywhere; where
-- delta = W diag(c), delta sigma(W'x + a) is a gradient whatever sigma is.
function printed.tilt(model, seed)
  local delta = symmetric(model, seed)
  return delta, function(x) return right.exponent(model, delta, x) end
end
function right.tilt(model, seed, radius)
  local c = theory.normal({ model.m }, seed)
  if radius then c = c * (radius / theory.norm(model.W * c)) end
  return model.W * c, function(x) return model.activation.integral(x:matmul(model.W) + model.a):matmul(c) / model.m end
end

-- ||delta||_2 up to which e^-I has a finite integral against N(0, I): printed, no limit (here, beyond the right one).
function right.radius(model) return 0.95 * model.m / theory.norm(model.W) end
function printed.radius(model) return 1.05 * model.m / theory.norm(model.W) end

-- ---- Corollary 1: the tilt of N(0, I) is N(mu, Sigma) ---------------------------------------------------------------

function theory.precision(model, delta)  -- Sigma^-1 = I + delta_w / m
  return basin.eye(model.d, "float64") + theory.parts(model, delta) / model.m
end
-- mu: (13) and (S17) have plus, the proof (S23) minus
local function shifted(model, delta, sign)
  local _, delta_u = theory.parts(model, delta)
  return theory.precision(model, delta):solve(delta_u) * (sign / model.m)
end
function printed.mean(model, delta) return shifted(model, delta, 1) end
function right.mean(model, delta) return shifted(model, delta, -1) end

-- Over which points the right side of (11) is averaged, from x ~ p = N(0, I): (4) takes those of its prior, p-hat.
function printed.points(model, delta, x)
  local factor = theory.precision(model, delta):inverse():cholesky()
  return right.mean(model, delta) + x:matmul(transposed(factor))
end
function right.points(_, _, x) return x end

-- (S22)  C = delta_u' Sigma delta_u / (2 m^2) + log |Sigma| / 2
function theory.constant(model, delta)
  local _, delta_u = theory.parts(model, delta)
  local precision = theory.precision(model, delta)
  local _, log_det = precision:slogdet()
  return number(delta_u:matmul(precision:solve(delta_u)) / (2 * model.m ^ 2) - log_det / 2)
end
function theory.log_normal(x, mean, precision)  -- log N(x; mean, precision^-1) [n]
  local off, _, log_det = x - mean, precision:slogdet()
  return ((log_det - #mean * math.log(2 * math.pi)) - (off:matmul(precision) * off):sum(2)) / 2
end

-- ---- Corollary 2: divergence and its bounds -------------------------------------------------------------------------

-- (S31)  D(N(0,I) || N(mu,Sigma)) = (log|Sigma| - d + tr Sigma^-1 + mu' Sigma^-1 mu) / 2
function printed.divergence(model, delta)
  local precision = theory.precision(model, delta)
  local _, log_det = precision:slogdet()
  return (number(precision:trace() - log_det) - model.d + theory.shift(model, delta)) / 2
end
theory.divergence = printed.divergence
function theory.shift(model, delta)  -- mu' Sigma^-1 mu
  local mean = right.mean(model, delta)
  return number(mean:matmul(theory.precision(model, delta)):matmul(mean))
end
-- sigma_1 <= ... <= sigma_d of Sigma^-1
function theory.eigenvalues(model, delta) return (theory.precision(model, delta):eigh()) end

-- (18), (S33)  mu' Sigma^-1 mu <= factor ||U'e||^2 Delta^2
function printed.factor(m, sigma) return number(sigma[-1]) / m ^ 2 end
function right.factor(m, sigma) return 1 / (m ^ 2 * number(sigma[1])) end

-- The remark after (S33): mu' Sigma^-1 mu = factor |delta_u|^2 where mu is the eigenvector of sigma_d
function printed.aligned(m, sigma) return number(sigma[-1]) / m ^ 2 end
function right.aligned(m, sigma) return 1 / (m ^ 2 * number(sigma[-1])) end

-- A bound on the divergence of every delta of norm at most `radius`; (18) has no maximum on its right side, and so is
-- read with the largest of its values for the `deltas` given. The right one follows from |sigma_i - 1| <= k.
function printed.bound(model, radius, deltas)
  local largest = -math.huge
  for _, delta in ipairs(deltas) do
    local sigma = theory.eigenvalues(model, delta)
    local shift = printed.factor(model.m, sigma) * number(model.a:norm()) ^ 2 * radius ^ 2
    largest = math.max(largest, (number((sigma - sigma:log()):sum()) - model.d + shift) / 2)
  end
  return largest
end
function right.bound(model, radius)
  local k = radius * theory.norm(model.W) / model.m
  return (model.d * (-k - math.log(1 - k)) + (number(model.a:norm()) * radius / model.m) ^ 2 / (1 - k)) / 2
end

-- ---- flatness and robustness ----------------------------------------------------------------------------------------

-- Definition 1: how far the mean loss may rise in the ball. `second` = E phi phi' [m,m].
function printed.rise() return 0 end
function right.rise(model, radius, second)
  return (radius / model.m) ^ 2 * number((second:eigh())[{ { -model.d, -1 } }]:sum())
end
-- Proposition 1: L(x; theta, p-hat) for p-hat in the set P-hat(radius); l = L(x; theta, p) [n], phi [n,m]
function printed.robust(_, _, l) return l end
function right.robust(model, radius, l, phi) return (l:sqrt() + phi:norm(2) * (radius / model.m)) ^ 2 end

-- Definition 2: the p-hat near p = N(0,1), as T(x) = log p(x) - log p-hat(x) + constant: any, such as ripples of
-- ever shorter waves; or those of the set P-hat.
function printed.nearby()
  local list = {}
  for _, k in ipairs { 1, 10, 100 } do
    list[#list + 1] = { ("p-hat = p (1 + sin(%d x) / 100)"):format(k), function(x)
      return -(1 + (k * x):sin() / 100):log()
    end }
  end
  return list
end
function right.nearby()
  local list = {}
  for _, a in ipairs { 0, 0.3, 3 } do
    for _, delta in ipairs { -0.9, -0.5, -0.01, 0.01, 0.5, 1 } do
      local model = theory.small_model(1, a)
      local tilt = basin.tensor({ { delta } }, "float64")
      list[#list + 1] = { ("delta = %g, U'e = %g"):format(delta, a), function(x)
        return right.exponent(model, tilt, x:unsqueeze(2))
      end }
    end
  end
  return list
end
-- Theorem 2: the E up to which every p-hat of the family lies in P-hat(Delta), from D on the sphere ||delta|| = Delta.
function printed.guaranteed(divergences) return math.max(table.unpack(divergences)) end
function right.guaranteed(divergences) return math.min(table.unpack(divergences)) end

return theory
