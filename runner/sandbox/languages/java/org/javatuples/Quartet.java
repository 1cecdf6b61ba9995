// A tuple of four parts.
package org.javatuples;

public final class Quartet<A, B, C, D> extends Tuple {
    private final A value0;
    private final B value1;
    private final C value2;
    private final D value3;

    public Quartet(A value0, B value1, C value2, D value3) {
        super(value0, value1, value2, value3);
        this.value0 = value0;
        this.value1 = value1;
        this.value2 = value2;
        this.value3 = value3;
    }

    public static <A, B, C, D> Quartet<A, B, C, D> with(A value0, B value1, C value2, D value3) {
        return new Quartet<>(value0, value1, value2, value3);
    }

    public A getValue0() {
        return value0;
    }

    public B getValue1() {
        return value1;
    }

    public C getValue2() {
        return value2;
    }

    public D getValue3() {
        return value3;
    }

    public <X> Quartet<X, B, C, D> setAt0(X value) {
        return new Quartet<>(value, value1, value2, value3);
    }

    public <X> Quartet<A, X, C, D> setAt1(X value) {
        return new Quartet<>(value0, value, value2, value3);
    }

    public <X> Quartet<A, B, X, D> setAt2(X value) {
        return new Quartet<>(value0, value1, value, value3);
    }

    public <X> Quartet<A, B, C, X> setAt3(X value) {
        return new Quartet<>(value0, value1, value2, value);
    }
}
