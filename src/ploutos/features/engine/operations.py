"""The operations of a program: what one pass over a column computes.

Each reads columns `a`, `b`, ... at the same row, those marked `'` at `lag` rows before; `p` is a number.
"""

(
    ADD,  # a + b'
    SUBTRACT,  # a - b'
    MULTIPLY,  # a * b'
    DIVIDE,  # a / b'
    HIGHER,  # max(a, b'), NaN if either is
    LOWER,  # min(a, b'), NaN if either is
    RATIO,  # a / b', 0 where b' is 0
    EXCEEDS,  # 1 where a > b', else 0, NaN if either is
    THRESHOLD,  # a, 0 where |a| <= p
    THRESHOLD_BY,  # a, 0 where |a| <= p * |b'|
    BLEND,  # a + p * b'
    TOWARDS,  # a + p * (b' - a)
    SHIFT,  # b'
    PLUS,  # a + p
    TIMES,  # p * a
    AT_LEAST,  # max(a, p)
    AT_MOST,  # min(a, p)
    LOG,  # log a
    LOG_OR_ZERO,  # log a, 0 where a is 0
    ROOT,  # sqrt a
    MAGNITUDE,  # |a|
    SIGN,  # -1, 0 or 1
    COMOMENT,  # a + b' + p * (c - d') * (e - f')
    POSITION,  # c where a >= b' - p * |b'|, else d'
    SINCE,  # a from row number `first` of the ticker on, 0 before
    WEIGHTED,  # a over the sum of weights of the rows since number `first`, from the table
    ABSOLUTE_DEVIATION,  # mean of |b - a| over the rows from b' to b
    WRITE,  # a into the output, as float32
) = range(28)
