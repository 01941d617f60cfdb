package commit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"github.com/payhost/payhost/host/bench/internal/round"
)

// server is a PostgreSQL that belongs to this run, and the peer on it. It runs as the user postgres when we are root, because
// it refuses root.
type server struct {
	dir  string
	cmd  *exec.Cmd
	peer *PerRequest
}

const connections = 32

// migrations is where the schema stands, seen from the directory that measurements run in.
const migrations = "../host/store/migrations"

func startPostgres(ctx context.Context, t *Template) (_ *server, err error) {
	programs := map[string]string{}
	for _, name := range []string{"initdb", "postgres"} {
		if programs[name], err = find(name); err != nil {
			return nil, err
		}
	}
	dir, err := os.MkdirTemp("", "payhost-bench-pg-")
	if err != nil {
		return nil, err
	}
	s := &server{dir: dir}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	attr, err := owner(dir)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	initdb := exec.CommandContext(ctx, programs["initdb"], "-D", data, "-U", "bench", "-A", "trust", "-E", "UTF8", "--no-locale")
	initdb.SysProcAttr, initdb.Dir = attr, dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	s.cmd = exec.Command(programs["postgres"], "-D", data, "-k", dir, "-c", "listen_addresses=", "-c", "shared_buffers=256MB", "-c", "max_wal_size=4GB",
		"-c", "fsync=on", "-c", "synchronous_commit=on", "-c", "max_connections=64")
	s.cmd.SysProcAttr, s.cmd.Dir = attr, dir
	if err := s.cmd.Start(); err != nil {
		s.cmd = nil
		return nil, err
	}
	db, err := sql.Open("pgx", fmt.Sprintf("host=%s user=bench dbname=postgres sslmode=disable", dir))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	// Positions of events come from the template here: a row that all transactions change in turn would hold PostgreSQL back, and
	// no program on it would be written that way.
	s.peer = &PerRequest{db: db, template: t, prepared: map[string]*sql.Stmt{}, skip: "sequences"}
	if err := await(ctx, db); err != nil {
		return nil, err
	}
	if err := schema(ctx, db); err != nil {
		return nil, err
	}
	if s.peer.column, err = columns(ctx, db); err != nil {
		return nil, err
	}
	return s, s.peer.prepare(ctx, "INSERT")
}

// find looks in the path and where Debian puts the server's programs.
func find(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	if found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name); len(found) > 0 {
		return found[len(found)-1], nil
	}
	return "", fmt.Errorf("%s is not installed", name)
}

// owner gives dir to the user that the server runs as.
func owner(dir string) (*syscall.SysProcAttr, error) {
	attr := &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT}
	if os.Getuid() != 0 {
		return attr, nil
	}
	who, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.Atoi(who.Uid)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.Atoi(who.Gid)
	if err != nil {
		return nil, err
	}
	attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return attr, os.Chown(dir, uid, gid)
}

func await(ctx context.Context, db *sql.DB) error {
	ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	for {
		err := db.PingContext(ctx)
		if err == nil || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func schema(ctx context.Context, db *sql.DB) error {
	files, err := filepath.Glob(filepath.Join(migrations, "*.sql"))
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("no schema in %s", migrations)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		for statement := range strings.SplitAfterSeq(string(raw), ";\n") {
			if strings.TrimSpace(statement) == "" {
				continue
			}
			statement = strings.ReplaceAll(statement, "WITHOUT ROWID", "") // SQLite's; tables have no other form here
			if _, err := db.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
		}
	}
	_, err = db.ExecContext(ctx, "DELETE FROM sequences")
	return err
}

// columns turns SQLite's integers into booleans where PostgreSQL has them.
func columns(ctx context.Context, db *sql.DB) (func(statement, []any) []any, error) {
	list, err := texts(ctx, db, "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE data_type = 'boolean'")
	if err != nil {
		return nil, err
	}
	booleans := map[string]bool{}
	for _, name := range list {
		booleans[name] = true
	}
	return func(s statement, row []any) []any {
		out := make([]any, len(row))
		for i, v := range row {
			if n, ok := v.(int64); ok && booleans[s.table+"."+s.columns[i]] {
				v = n != 0
			}
			out[i] = v
		}
		return out
	}, nil
}

// cpu is the processor time of the server's processes.
func (s *server) cpu() (time.Duration, error) {
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", s.cmd.Process.Pid, s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	sum, err := round.ProcessCPU(s.cmd.Process.Pid)
	if err != nil {
		return 0, err
	}
	for field := range strings.FieldsSeq(string(children)) {
		pid, err := strconv.Atoi(field)
		if err != nil {
			return 0, err
		}
		if used, err := round.ProcessCPU(pid); err == nil { // one that has ended meanwhile counts nothing
			sum += used
		}
	}
	return sum, nil
}

func (s *server) close() error {
	var err error
	if s.peer != nil {
		err = s.peer.Close()
	}
	if s.cmd != nil {
		err = errors.Join(err, s.cmd.Process.Signal(syscall.SIGINT)) // fast shutdown
		if waited := s.cmd.Wait(); waited != nil && !isExit(waited) {
			err = errors.Join(err, waited)
		}
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}

func isExit(err error) bool {
	_, ok := errors.AsType[*exec.ExitError](err)
	return ok
}
